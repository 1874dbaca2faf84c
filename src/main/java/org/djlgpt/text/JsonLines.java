package org.djlgpt.text;

import org.djlgpt.io.FileProblem;
import org.djlgpt.io.Json;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A file of JSON lines, read one line after the other: each is a value, and blank lines do not
 * count. It may be larger than memory.
 */
public final class JsonLines implements Closeable {

    private static final int MAX_LINE_BYTES = 1 << 28;
    private static final int BUFFER_BYTES = 1 << 16;

    private final Path path;
    private final InputStream lines;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int from;
    private int to;
    private int number;

    JsonLines(Path path, InputStream lines) {
        this.path = path;
        this.lines = lines;
    }

    /**
     * Opens a file.
     *
     * @param file the file, in UTF-8; if its name ends with {@code .gz}, it is unpacked
     * @return its lines, to be closed
     * @throws IllegalArgumentException if the file is missing, a folder, unreadable, or not packed
     *     though its name says so
     * @throws IOException if reading fails
     */
    public static JsonLines open(Path file) throws IOException {
        FileProblem.requireReadable(file);
        try {
            return new TextFile(file).lines();
        } catch (TextSource.UnreadableTextException e) {
            throw new IllegalArgumentException(file + " " + e.getMessage(), e);
        }
    }

    /**
     * Reads the next line.
     *
     * @return its value, which knows file and line, or null after the last one
     * @throws IllegalArgumentException if the line is no JSON or too long, or the file is no whole
     *     gzip file
     * @throws IOException if reading fails
     */
    public Json next() throws IOException {
        try {
            return read();
        } catch (TextSource.UnreadableTextException e) {
            throw new IllegalArgumentException(path + " " + e.getMessage(), e);
        }
    }

    /** As {@link #next}, but says by its own exception that the file is no text. */
    Json read() throws IOException {
        while (readLine()) {
            number++;
            byte[] bytes = line.toByteArray();
            if (!new String(bytes, StandardCharsets.UTF_8).isBlank()) {
                return Json.parse(Path.of(path + " line " + number), bytes);
            }
        }
        return null;
    }

    /**
     * Returns a string that is Unicode text.
     *
     * @param value a value of a line
     * @return its characters
     * @throws IllegalArgumentException if it is no string, or one with an unpaired surrogate,
     *     naming file, line and place
     */
    public static String text(Json value) {
        try {
            TokenizerInput.requireText(value.string());
        } catch (IllegalArgumentException e) {
            throw value.isString() ? value.malformed("%s: %s", value.place(), e.getMessage()) : e;
        }
        return value.string();
    }

    /** Collects the bytes up to the next line feed; returns false if there are none. */
    private boolean readLine() throws IOException {
        line.reset();
        while (true) {
            if (from == to) {
                from = 0;
                to = lines.read(buffer);
                if (to <= 0) {
                    to = 0;
                    return line.size() > 0;
                }
            }
            int end = from;
            while (end < to && buffer[end] != '\n') {
                end++;
            }
            line.write(buffer, from, end - from);
            if (line.size() > MAX_LINE_BYTES) {
                throw new IllegalArgumentException(
                        "%s line %d has more than %,d bytes; split it"
                                .formatted(path, number + 1, MAX_LINE_BYTES));
            }
            from = end;
            if (end < to) {
                from++;
                return true;
            }
        }
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
