package org.djlgpt.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a whole text file, or says what is wrong with it. */
final class TextFile {

    /** Arrays of a few elements less than the largest int are the longest that every JVM makes. */
    private static final long MAX_BYTES = Integer.MAX_VALUE - 8L;

    private TextFile() {}

    /**
     * Returns a file's text, empty for an empty file.
     *
     * @throws IllegalArgumentException if the file is missing, a folder, unreadable, larger than 2
     *     GiB or not UTF-8
     */
    static String read(Path file) throws IOException {
        ReadableFile.require(file);
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
        return StrictUtf8.decode(Files.readAllBytes(file), file);
    }
}
