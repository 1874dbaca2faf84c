package org.djlgpt.text;

import java.nio.file.Files;
import java.nio.file.Path;

/** The rule that what is to be read is there, is a file, and may be read. */
final class ReadableFile {

    private ReadableFile() {}

    static void require(Path file) {
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
}
