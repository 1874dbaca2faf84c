package org.djlgpt.cli.option;

import org.djlgpt.text.TextFile;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A text for a model: the value of an option, or a file. It is taken as it is, up to the line end
 * at its end.
 *
 * @param option the option whose value is the text; for the file it ends in {@code -file}
 * @param text the text; null if it is not given so
 * @param file a UTF-8 file, or {@code -} for standard input; null if it is not given so
 */
public record GivenText(String option, String text, Path file) {

    private static final Path STANDARD_INPUT = Path.of("-");

    /**
     * Checks that it is not given twice.
     *
     * @param option the option whose value is the text
     * @param text the text, or null
     * @param file a file, or null
     * @throws IllegalArgumentException if it is
     */
    public GivenText {
        if (text != null && file != null) {
            throw new IllegalArgumentException(
                    "%s and %s-file are both given; leave one of them out"
                            .formatted(option, option));
        }
    }

    /**
     * Returns whether nothing is given.
     *
     * @return whether neither text nor file is
     */
    public boolean isMissing() {
        return text == null && file == null;
    }

    /**
     * Returns whether it is what is written to the process.
     *
     * @return whether the file is {@code -}
     */
    public boolean isStandardInput() {
        return STANDARD_INPUT.equals(file);
    }

    /**
     * Returns the text.
     *
     * @return the text
     * @throws IllegalArgumentException if the file can't be read, or is not UTF-8
     * @throws IOException if standard input can't be read
     */
    public String read() throws IOException {
        if (isStandardInput()) {
            return TextFile.decode(System.in.readAllBytes(), "standard input");
        }
        return file == null ? text : TextFile.read(file);
    }
}
