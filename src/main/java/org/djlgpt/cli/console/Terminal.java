package org.djlgpt.cli.console;

import java.io.BufferedReader;
import java.io.Console;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the process is connected to. */
public final class Terminal {

    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
    private static final char REPLACEMENT = '\uFFFD';

    private Terminal() {}

    /**
     * Returns whether a person watches, on a terminal where a line can be written over.
     *
     * @return whether one does
     */
    public static boolean isInteractive() {
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

    /**
     * Returns whether a terminal may be colored (<a href="https://no-color.org">NO_COLOR</a>).
     *
     * @return whether it may
     */
    public static boolean hasColors() {
        String noColor = System.getenv("NO_COLOR");
        return (noColor == null || noColor.isEmpty()) && !isDumb();
    }

    private static boolean isDumb() {
        return "dumb".equals(System.getenv("TERM"));
    }

    /**
     * Returns a writer to a standard stream whose {@link PrintWriter#checkError()} notices that the
     * stream is closed, which the stream itself keeps to itself.
     *
     * @param stream the stream
     * @return the writer, in the terminal's encoding
     */
    public static PrintWriter writer(PrintStream stream) {
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

    /**
     * Returns a reader of lines that a person or a pipe writes, and that refuses other bytes.
     *
     * @param stream the stream
     * @return the reader, in the terminal's encoding
     */
    public static BufferedReader reader(InputStream stream) {
        return new BufferedReader(new InputStreamReader(stream, charset().newDecoder()));
    }

    /**
     * Returns the arguments of the process as they were written. Java reads them in the encoding of
     * the locale, and a system without a locale claims ASCII; the bytes are there on Linux only.
     *
     * @param arguments as Java has read them
     * @return what was written
     * @throws IOException if the process can't read its own command line
     * @throws IllegalArgumentException if they are lost, or not UTF-8
     */
    public static String[] written(String... arguments) throws IOException {
        String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
        if (!Charset.forName(encoding).equals(StandardCharsets.US_ASCII)) {
            return arguments;
        }
        byte[] process =
                Files.isReadable(COMMAND_LINE) ? Files.readAllBytes(COMMAND_LINE) : new byte[0];
        return written(process, arguments);
    }

    /**
     * Finds arguments at the end of a command line.
     *
     * @param process the words that started the process, each with a zero behind it
     * @param arguments as Java has read them
     * @return what was written
     */
    public static String[] written(byte[] process, String... arguments) {
        String[] words = new String(process, StandardCharsets.ISO_8859_1).split("\0", -1);
        int first = words.length - 1 - arguments.length;
        String[] written = arguments.clone();
        for (int i = 0; i < written.length; i++) {
            if (first >= 0 && ascii(words[first + i]).equals(ascii(arguments[i]))) {
                written[i] = utf8(words[first + i]);
            } else if (arguments[i].indexOf(REPLACEMENT) >= 0) {
                throw new IllegalArgumentException(
                        "the locale has ASCII only, which an argument exceeds; set LC_ALL=C.UTF-8");
            }
        }
        return written;
    }

    private static String ascii(String text) {
        return text.replaceAll("\\P{ASCII}", "?");
    }

    private static String utf8(String bytes) {
        ByteBuffer word = ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1));
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(word).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    "argument '%s' is not UTF-8; convert it, or set the locale that it is in"
                            .formatted(ascii(bytes)),
                    e);
        }
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
