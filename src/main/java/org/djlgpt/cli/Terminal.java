package org.djlgpt.cli;

import java.io.BufferedReader;
import java.io.Console;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/** What the process is connected to. */
final class Terminal {

    private Terminal() {}

    /** Returns whether a person watches, on a terminal where a line can be written over. */
    static boolean isInteractive() {
        Console console = System.console();
        if (console == null || isDumb()) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException beforeJava22) {
            return true; // there, a console is a terminal
        }
    }

    /** Returns whether a terminal may be colored (<a href="https://no-color.org">NO_COLOR</a>). */
    static boolean hasColors() {
        String noColor = System.getenv("NO_COLOR");
        return (noColor == null || noColor.isEmpty()) && !isDumb();
    }

    private static boolean isDumb() {
        return "dumb".equals(System.getenv("TERM"));
    }

    /**
     * Returns a writer to a standard stream whose {@link PrintWriter#checkError()} notices that the
     * stream is closed, which the stream itself keeps to itself.
     */
    static PrintWriter writer(PrintStream stream) {
        FilterOutputStream strict =
                new FilterOutputStream(stream) {
                    @Override
                    public void write(byte[] bytes, int from, int length) {
                        stream.write(bytes, from, length);
                    }

                    @Override
                    public void flush() throws IOException {
                        if (stream.checkError()) {
                            throw new IOException("the stream is closed");
                        }
                    }
                };
        return new PrintWriter(new OutputStreamWriter(strict, charset()));
    }

    /** Returns a reader of lines that a person or a pipe writes. */
    static BufferedReader reader(InputStream stream) {
        return new BufferedReader(new InputStreamReader(stream, charset()));
    }

    /**
     * ASCII is what a system without a locale claims; it would turn every other character to '?'.
     */
    private static Charset charset() {
        String name =
                System.getProperty("stdout.encoding", System.getProperty("sun.stdout.encoding"));
        Charset charset =
                Charset.forName(name == null ? System.getProperty("native.encoding") : name);
        return charset.equals(StandardCharsets.US_ASCII) ? StandardCharsets.UTF_8 : charset;
    }
}
