package org.djlgpt.text;

import org.djlgpt.io.Json;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A file of JSON lines: each is an object that has a document under {@code text}. */
final class JsonLines implements TextSource.Documents {

    private static final String KEY = "text";
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

    @Override
    public InputStream next() throws IOException {
        while (readLine()) {
            number++;
            byte[] bytes = line.toByteArray();
            if (!new String(bytes, StandardCharsets.UTF_8).isBlank()) {
                return new ByteArrayInputStream(document(bytes));
            }
        }
        return null;
    }

    private byte[] document(byte[] bytes) {
        Path place = Path.of(path + " line " + number);
        try {
            Json text = Json.parse(place, bytes).require(KEY);
            requireUnicode(text);
            return text.string().getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "%s; expected on each line an object with a string under \"%s\""
                            .formatted(e.getMessage(), KEY),
                    e);
        }
    }

    private static void requireUnicode(Json text) {
        try {
            TokenizerInput.requireText(text.string());
        } catch (IllegalArgumentException e) {
            throw text.malformed("%s: %s", text.place(), e.getMessage());
        }
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
