package org.djlgpt.text;

import org.djlgpt.io.FileProblem;
import org.djlgpt.io.Json;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A file of text. What its name ends with says how it is read: {@code .gz} is unpacked, and of
 * {@code .jsonl} each line is an object that has a document under {@code text}; any other is one
 * document as it stands.
 *
 * @param path the file
 */
public record TextFile(Path path) implements TextSource {

    private static final int BUFFER_BYTES = 1 << 16;

    /** Text takes a fifth of its size, very regular text a fiftieth; a bomb a thousandth. */
    private static final int MAX_RATIO = 200;

    private static final long MAX_UNPACKED_ANYWAY = 1 << 24;

    @Override
    public String name() {
        return path.toString();
    }

    /** Returns what kind of text it is taken for, for a person. */
    String format() {
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        String inner = name.replaceFirst("\\.gz$", "");
        String kind = "plain text";
        if (isJsonLines()) {
            kind = "JSON lines with a document each";
        } else if (inner.matches(".*\\.(csv|tsv|json|xml|html?)")) {
            kind = "plain text (" + inner.substring(inner.lastIndexOf('.')) + ")";
        }
        return isPacked() ? "packed " + kind : kind;
    }

    private boolean isPacked() {
        return path.toString().toLowerCase(Locale.ROOT).endsWith(".gz");
    }

    private boolean isJsonLines() {
        return path.toString().toLowerCase(Locale.ROOT).matches("(?s).*\\.(jsonl|ndjson)(\\.gz)?");
    }

    @Override
    public Documents open() throws IOException {
        return isJsonLines() ? new JsonDocuments(lines()) : new Whole(unpacked());
    }

    /** Opens the file as JSON lines, whatever its name. */
    JsonLines lines() throws IOException {
        return new JsonLines(path, unpacked());
    }

    private InputStream unpacked() throws IOException {
        InputStream file = Files.newInputStream(path);
        try {
            InputStream unpacked = isPacked() ? new Unpacked(file, Files.size(path)) : file;
            BufferedInputStream text = new BufferedInputStream(unpacked, BUFFER_BYTES);
            skipByteOrderMark(text);
            return text;
        } catch (ZipException | EOFException e) {
            file.close();
            throw new UnreadableTextException("is no whole gzip file");
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    private static void skipByteOrderMark(BufferedInputStream text) throws IOException {
        text.mark(3);
        if (text.read() != 0xEF || text.read() != 0xBB || text.read() != 0xBF) {
            text.reset();
        }
    }

    /** A file that is one document. */
    private static final class Whole implements Documents {

        private final InputStream text;
        private boolean opened;

        Whole(InputStream text) {
            this.text = text;
        }

        @Override
        public InputStream next() {
            InputStream next = opened ? null : text;
            opened = true;
            return next;
        }

        @Override
        public void close() throws IOException {
            text.close();
        }
    }

    /** A file with a document on each line: an object that has it under {@code text}. */
    private record JsonDocuments(JsonLines lines) implements Documents {

        private static final String KEY = "text";

        @Override
        public InputStream next() throws IOException {
            try {
                Json line = lines.read();
                if (line == null) {
                    return null;
                }
                byte[] text = JsonLines.text(line.require(KEY)).getBytes(StandardCharsets.UTF_8);
                return new ByteArrayInputStream(text);
            } catch (UnreadableTextException e) {
                throw e;
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "%s; expected on each line an object with a string under \"%s\""
                                .formatted(e.getMessage(), KEY),
                        e);
            }
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }

    /** Refuses what grows beyond measure, and says what is wrong as {@link TextFile} does. */
    private static final class Unpacked extends FilterInputStream {

        private final long most;
        private long count;

        Unpacked(InputStream packed, long packedBytes) throws IOException {
            super(new GZIPInputStream(packed, BUFFER_BYTES));
            most = Math.max(MAX_UNPACKED_ANYWAY, packedBytes * MAX_RATIO);
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            int read;
            try {
                read = super.read(bytes, from, length);
            } catch (ZipException | EOFException e) {
                throw new UnreadableTextException("is no whole gzip file");
            }
            count += Math.max(0, read);
            if (count > most) {
                throw new UnreadableTextException(
                        "unpacks to more than %d times its size, which text hardly does"
                                .formatted(MAX_RATIO));
            }
            return read;
        }
    }

    /**
     * Returns the text of a small file as it stands, whatever its name.
     *
     * @param file a file in UTF-8
     * @return the text without a byte order mark, empty for an empty file
     * @throws IllegalArgumentException if the file is missing, a folder, unreadable, or not UTF-8
     * @throws IOException if reading fails
     */
    public static String read(Path file) throws IOException {
        FileProblem.requireReadable(file);
        return decode(Files.readAllBytes(file), file.toString());
    }

    /**
     * Returns the text of some bytes.
     *
     * @param bytes the bytes, in UTF-8
     * @param from where they are from, for messages
     * @return the text without a byte order mark
     * @throws IllegalArgumentException if the bytes are not UTF-8, naming the offset
     */
    public static String decode(byte[] bytes, String from) {
        try {
            String text = decode(bytes, 0);
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (UnreadableTextException e) {
            throw new IllegalArgumentException(from + " " + e.getMessage(), e);
        }
    }

    /**
     * Returns the text of a part of a file.
     *
     * @param offset where the part begins
     * @throws UnreadableTextException if the bytes are not UTF-8, naming the offset
     */
    static String decode(byte[] bytes, long offset) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CharsetDecoder decoder =
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT);
        CoderResult result = decoder.decode(in, out, true);
        if (result.isError()) {
            throw new UnreadableTextException(
                    "is not UTF-8 at byte offset %d (0x%02X)"
                            .formatted(offset + in.position(), bytes[in.position()]));
        }
        return out.flip().toString();
    }
}
