package org.djlgpt.text;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Finds and reads whole text files, or says what is wrong with them. */
public final class TextFile {

    private static final char BYTE_ORDER_MARK = '\uFEFF';

    /** Arrays of a few elements less than the largest int are the longest that every JVM makes. */
    private static final long MAX_BYTES = Integer.MAX_VALUE - 8L;

    private TextFile() {}

    /**
     * Returns a file's text.
     *
     * @param file a file in UTF-8
     * @return the text without a byte order mark, empty for an empty file
     * @throws IllegalArgumentException if the file is missing, a folder, unreadable, larger than 2
     *     GiB or not UTF-8
     * @throws IOException if reading fails
     */
    public static String read(Path file) throws IOException {
        requireReadable(file);
        long bytes = Files.size(file);
        if (bytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    file.toAbsolutePath()
                            + " has "
                            + bytes
                            + " bytes, more than the "
                            + MAX_BYTES
                            + " that one text may have; split it, and write the tokens of the parts"
                            + " to one token file");
        }
        return decode(Files.readAllBytes(file), file);
    }

    /** Requires that what is to be read is there, is a file, and may be read. */
    static void requireReadable(Path file) {
        if (!Files.exists(file)) {
            throw new IllegalArgumentException(file.toAbsolutePath() + " does not exist");
        }
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(file.toAbsolutePath() + " is not a file");
        }
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException(
                    file.toAbsolutePath() + " can't be read; check its permissions");
        }
    }

    /**
     * Returns the text of a file's bytes.
     *
     * @param bytes the bytes, in UTF-8
     * @param file where they are from, for messages
     * @return the text without a byte order mark
     * @throws IllegalArgumentException if the bytes are not UTF-8, naming the file and the offset
     */
    public static String decode(byte[] bytes, Path file) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CharsetDecoder decoder =
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT);
        CoderResult result = decoder.decode(in, out, true);
        if (result.isError()) {
            throw new IllegalArgumentException(
                    String.format(
                            "%s is not UTF-8 at byte offset %d (0x%02X); convert it to UTF-8 or"
                                    + " leave it out",
                            file, in.position(), bytes[in.position()]));
        }
        out.flip();
        if (out.hasRemaining() && out.get(0) == BYTE_ORDER_MARK) {
            out.get();
        }
        return out.toString();
    }

    /**
     * Returns all regular files below a folder, of the default file system or of a zip file, in one
     * order everywhere; those with a name that starts with a dot in their path below the folder are
     * left out.
     *
     * @param folder a folder, or a symbolic link to one; links to folders below it are not followed
     */
    static List<Path> below(Path folder) throws IOException {
        Path root = folder.toRealPath();
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.filter(path -> Files.isRegularFile(path) && !isHidden(root, path))
                    .sorted(Comparator.comparing(path -> name(root, path)))
                    .toList();
        }
    }

    private static boolean isHidden(Path root, Path path) {
        return StreamSupport.stream(root.relativize(path).spliterator(), false)
                .anyMatch(name -> name.toString().startsWith("."));
    }

    private static String name(Path root, Path path) {
        return root.relativize(path).toString().replace(path.getFileSystem().getSeparator(), "/");
    }
}
