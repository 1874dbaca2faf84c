package org.djlgpt.spark;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The folder that all workers and the driver see: parameters and moments between rounds, in the
 * files of a {@link Round}.
 *
 * <p>Every attempt writes files of its own, so that one that is late, or was thought lost, spoils
 * nothing. A round counts once its {@code .json} is there, which comes last, by renaming.
 */
final class RoundFolder {

    private static final Pattern STORED = Pattern.compile("round-(\\d{8})\\.json");
    private static final Pattern ROUND = Pattern.compile("round-(\\d{8})(\\.json|/.*)?");
    private static final int BUFFER = 1 << 20;

    private final Path root;
    private final FileSystem system;

    RoundFolder(String root, Configuration configuration) throws IOException {
        this.root = new Path(root);
        FileSystem found = this.root.getFileSystem(configuration);
        // sums over each 512 bytes of a local file take longer than all else that is done with it
        system = found instanceof LocalFileSystem local ? local.getRaw() : found;
    }

    /** Returns the name of a file that one attempt writes. */
    static String name(int round, String kind, int number, long attempt) {
        return "round-%08d/%s-%06d-%d".formatted(round, kind, number, attempt);
    }

    /** Returns the round of a file. */
    static int round(String name) {
        Matcher round = ROUND.matcher(name);
        if (!round.matches()) {
            throw new IllegalArgumentException("%s is no file of a round".formatted(name));
        }
        return Integer.parseInt(round.group(1));
    }

    boolean isThere() throws IOException {
        return system.exists(root);
    }

    boolean exists(String name) throws IOException {
        return system.exists(new Path(root, name));
    }

    void delete(String name) throws IOException {
        system.delete(new Path(root, name), true);
    }

    /** Deletes the folder unless something is in it. */
    void deleteIfEmpty() throws IOException {
        if (isThere() && system.listStatus(root).length == 0) {
            system.delete(root, false);
        }
    }

    void writeText(String name, String text) throws IOException {
        try (FSDataOutputStream out = system.create(new Path(root, name), true)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    void write(String name, float[] numbers) throws IOException {
        try (FSDataOutputStream out = create(name)) {
            write(out, numbers);
        }
    }

    FSDataOutputStream create(String name) throws IOException {
        return system.create(new Path(root, name), true, BUFFER);
    }

    static void write(FSDataOutputStream out, float[] numbers) throws IOException {
        byte[] bytes = new byte[Float.BYTES * numbers.length];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(numbers);
        out.write(bytes);
    }

    float[] read(String name, int count) throws IOException {
        try (FSDataInputStream in = open(name)) {
            return read(in, count);
        }
    }

    FSDataInputStream open(String name) throws IOException {
        return system.open(new Path(root, name), BUFFER);
    }

    static float[] read(FSDataInputStream in, int count) throws IOException {
        byte[] bytes = new byte[Float.BYTES * count];
        try {
            in.readFully(bytes);
        } catch (EOFException e) {
            throw new IOException("a stored piece ends before its %d numbers".formatted(count), e);
        }
        float[] numbers = new float[count];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(numbers);
        return numbers;
    }

    /** Makes a round the one to go on from, and deletes what it does not need. */
    void store(Round.Stored stored) throws IOException {
        int number = stored.round().number();
        Path target = new Path(root, "round-%08d.json".formatted(number));
        Path writing = new Path(root, "writing.json");
        writeText(writing.getName(), stored.json());
        system.delete(target, false); // by a run that was stopped here and went on from before
        if (!system.rename(writing, target)) {
            throw new IOException("%s: can't be renamed to %s".formatted(writing, target));
        }
        keepOnly(stored.round().rounds());
    }

    /** Deletes the files of all rounds but some. */
    void keepOnly(Set<Integer> rounds) throws IOException {
        for (FileStatus file : system.listStatus(root)) {
            String name = file.getPath().getName();
            if (ROUND.matcher(name).matches() && !rounds.contains(round(name))) {
                system.delete(file.getPath(), true);
            }
        }
    }

    /** Returns the last round that is whole. */
    Optional<Round.Stored> last() throws IOException {
        int last = -1;
        try {
            for (FileStatus file : system.listStatus(root)) {
                Matcher stored = STORED.matcher(file.getPath().getName());
                if (stored.matches()) {
                    last = Math.max(last, Integer.parseInt(stored.group(1)));
                }
            }
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
        if (last < 0) {
            return Optional.empty();
        }
        Path path = new Path(root, "round-%08d.json".formatted(last));
        try (FSDataInputStream in = system.open(path)) {
            String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Optional.of(Round.Stored.of(path.toString(), json));
        }
    }

    @Override
    public String toString() {
        return root.toString();
    }
}
