package org.djlgpt.cli.console;

import java.io.PrintWriter;
import java.util.Locale;

/**
 * Where a command prints. Numbers look the same in every locale, what is printed is on its way when
 * a call returns, and nobody computes for a reader who has gone.
 */
public final class Output {

    private final PrintWriter writer;

    /**
     * Makes one.
     *
     * @param writer takes what is printed
     */
    public Output(PrintWriter writer) {
        this.writer = writer;
    }

    /**
     * Prints a line.
     *
     * @param format as of {@link String#format}
     * @param values what it names
     * @throws ClosedException if nobody reads
     */
    public void line(String format, Object... values) {
        text(String.format(Locale.ROOT, format, values) + System.lineSeparator());
    }

    /**
     * Prints text as it is.
     *
     * @param text the text
     * @throws ClosedException if nobody reads
     */
    public void text(String text) {
        writer.print(text);
        if (writer.checkError()) {
            throw new ClosedException();
        }
    }

    /** Says that the output is closed, as when a pipe's reader has ended. */
    public static final class ClosedException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private ClosedException() {
            super("the output is closed");
        }
    }
}
