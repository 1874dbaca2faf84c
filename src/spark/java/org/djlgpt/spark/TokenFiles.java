package org.djlgpt.spark;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.djlgpt.data.PositionedBytes;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Token files, as {@code gpt prepare} writes them, where all workers can read them: one after the
 * other, or a part of that.
 *
 * @param files Hadoop's names, such as {@code hdfs://host/train.bin}, {@code
 *     s3a://bucket/train.bin} or {@code file:///data/train.bin}
 * @param from the position of the first token
 * @param to the position after the last; -1 for all
 * @serial exclude
 */
public record TokenFiles(List<String> files, long from, long to) implements Serializable {

    /**
     * Keeps the names.
     *
     * @param files Hadoop's names
     * @param from the position of the first token
     * @param to the position after the last; -1 for all
     */
    public TokenFiles {
        files = List.copyOf(files);
    }

    /**
     * Takes all tokens of files.
     *
     * @param files Hadoop's names, at least one
     * @return the tokens
     */
    public static TokenFiles of(String... files) {
        return new TokenFiles(List.of(files), 0, -1);
    }

    /** Opens the files; a local one is mapped, of another only what is asked for is read. */
    Tokens open(Configuration configuration) throws IOException {
        List<Tokens> parts = new ArrayList<>();
        for (String file : files) {
            Path path = new Path(file);
            FileSystem system = path.getFileSystem(configuration);
            parts.add(
                    isLocal(system)
                            ? TokenFile.open(java.nio.file.Path.of(path.toUri().getPath()))
                            : TokenFile.open(bytes(system, path), file));
        }
        Tokens all = Tokens.join(parts);
        return from == 0 && to < 0 ? all : all.slice(from, to < 0 ? all.size() : to);
    }

    /** Tells whether tokens are better copied than read window by window. */
    boolean isRemote(Configuration configuration) throws IOException {
        return !isLocal(new Path(files.get(0)).getFileSystem(configuration));
    }

    private static boolean isLocal(FileSystem system) {
        return "file".equals(system.getUri().getScheme());
    }

    private static PositionedBytes bytes(FileSystem system, Path path) throws IOException {
        long size;
        try {
            size = system.getFileStatus(path).getLen();
        } catch (FileNotFoundException e) {
            throw new IllegalArgumentException("token file %s does not exist".formatted(path), e);
        }
        FSDataInputStream stream = system.open(path); // as long as the tokens are in use
        return new PositionedBytes() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public void read(long position, byte[] into) throws IOException {
                stream.readFully(position, into);
            }
        };
    }
}
