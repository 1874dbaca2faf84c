package org.djlgpt.text;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Reads documents in parts of moderate size: a long document is cut where that changes nothing, and
 * several short ones are read together.
 */
final class TextParts implements Iterator<List<TextParts.Part>>, Closeable {

    /** How much is read at a time, where a document can be cut. */
    static final int PART_BYTES = 1 << 20;

    private static final int MAX_PART_BYTES = 1 << 30;

    /** Tells where a text may be cut, as {@link Tokenizer#maySplit} does. */
    @FunctionalInterface
    interface Cuts {

        boolean maySplit(int before, int after);
    }

    /**
     * A part of a document.
     *
     * @param offset where it begins in the document, in bytes
     */
    record Part(byte[] utf8, long offset) {

        boolean beginsDocument() {
            return offset == 0;
        }

        /**
         * Returns the text.
         *
         * @throws TextSource.UnreadableTextException if it is not UTF-8
         */
        String text() {
            return TextFile.decode(utf8, offset);
        }
    }

    private final TextSource.Documents documents;
    private final Cuts cuts;
    private final int partBytes;
    private InputStream document;
    private byte[] buffer;
    private int filled; // with what comes next
    private long offset; // of the buffer in the document
    private List<Part> next;

    /** Reads parts of about so many bytes, at least 8. */
    TextParts(TextSource.Documents documents, Cuts cuts, int partBytes) {
        this.documents = documents;
        this.cuts = cuts;
        this.partBytes = partBytes;
        buffer = new byte[partBytes];
    }

    @Override
    public boolean hasNext() {
        if (next == null) {
            try {
                next = read();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return !next.isEmpty();
    }

    @Override
    public List<Part> next() {
        if (!hasNext()) {
            throw new NoSuchElementException("there are no more parts");
        }
        List<Part> parts = next;
        next = null;
        return parts;
    }

    private List<Part> read() throws IOException {
        List<Part> parts = new ArrayList<>();
        for (int bytes = 0; bytes < partBytes; ) {
            if (document == null) {
                document = documents.next();
                offset = 0;
                if (document == null) {
                    break;
                }
            }
            int end = fill();
            if (end > 0) {
                parts.add(new Part(Arrays.copyOf(buffer, end), offset));
            }
            System.arraycopy(buffer, end, buffer, 0, filled - end);
            filled -= end;
            offset += end;
            bytes += end;
        }
        return parts;
    }

    /** Reads on, and returns where the part in the buffer ends. */
    private int fill() throws IOException {
        while (true) {
            filled += document.readNBytes(buffer, filled, buffer.length - filled);
            if (filled < buffer.length) {
                document = null;
                return filled;
            }
            int cut = lastCut();
            if (cut > 0) {
                return cut;
            }
            if (buffer.length >= MAX_PART_BYTES) {
                throw new IllegalArgumentException(
                        "a document has more than %,d bytes, and this tokenizer encodes it as a whole; split it"
                                .formatted(MAX_PART_BYTES));
            }
            buffer = Arrays.copyOf(buffer, 2 * buffer.length);
        }
    }

    /** Returns the last place in the full buffer where it may be cut; 0 if there is none. */
    private int lastCut() {
        int run = 0;
        for (int at = filled - 1; at > 0; at--) {
            if (isContinuation(buffer[at])) {
                if (++run > 3) {
                    return at; // no character is so long
                }
                continue;
            }
            run = 0;
            int before = at - 1;
            while (before > 0 && isContinuation(buffer[before])) {
                before--;
            }
            boolean isWhole = at + length(buffer[at]) <= filled;
            if (isWhole && cuts.maySplit(codePoint(before), codePoint(at))) {
                return at;
            }
            at = before + 1;
        }
        return 0;
    }

    private static boolean isContinuation(byte unit) {
        return (unit & 0xC0) == 0x80;
    }

    private static int length(byte lead) {
        return lead >= 0 ? 1 : Math.max(1, Integer.numberOfLeadingZeros(~(lead << 24)));
    }

    /** Returns the character at an index; anything if it is malformed, as will be found later. */
    private int codePoint(int at) {
        int length = Math.min(length(buffer[at]), 4);
        if (length == 1) {
            return buffer[at] & 0xFF;
        }
        int codePoint = buffer[at] & 0xFF >> length + 1;
        for (int i = at + 1; i < Math.min(at + length, filled); i++) {
            codePoint = codePoint << 6 | buffer[i] & 0x3F;
        }
        return codePoint & 0x1FFFFF;
    }

    @Override
    public void close() throws IOException {
        documents.close();
    }
}
