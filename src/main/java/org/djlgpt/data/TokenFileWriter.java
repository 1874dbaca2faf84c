package org.djlgpt.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** Ids on their way into a token file: in 16 bits each, until one of them needs more. */
final class TokenFileWriter {

    private static final int BUFFER_IDS = 1 << 16;

    private final FileChannel file;
    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(BUFFER_IDS * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private TokenFormat format = TokenFormat.UINT16;
    private long size;

    /** Writes into an empty file, open for writing and reading. */
    TokenFileWriter(FileChannel file) {
        this.file = file;
    }

    /** Returns how many ids were written. */
    long size() {
        return size;
    }

    /**
     * Writes ids after those before.
     *
     * @throws IllegalArgumentException if one is negative
     */
    void write(int[] ids) throws IOException {
        for (int from = 0; from < ids.length; from += BUFFER_IDS) {
            int to = Math.min(from + BUFFER_IDS, ids.length);
            for (int i = from; i < to; i++) {
                if (ids[i] < 0) {
                    throw new IllegalArgumentException(
                            "token id=%d at position %d is negative; ids start at 0"
                                    .formatted(ids[i], size + i - from));
                }
                if (ids[i] > TokenFormat.UINT16.maxId() && format == TokenFormat.UINT16) {
                    widen();
                }
            }
            write(ids, from, to);
        }
    }

    private void write(int[] ids, int from, int to) throws IOException {
        buffer.clear();
        for (int i = from; i < to; i++) {
            format.put(buffer, ids[i]);
        }
        writeBuffer(format.position(size));
        size += to - from;
    }

    /** Writes all ids again in 32 bits, from the end on, since each moves towards it. */
    private void widen() throws IOException {
        int[] ids = new int[BUFFER_IDS];
        for (long to = size; to > 0; to -= ids.length) {
            long from = Math.max(0, to - ids.length);
            int count = (int) (to - from);
            buffer.clear().limit(count * Short.BYTES);
            readBuffer(TokenFormat.UINT16.position(from));
            for (int i = 0; i < count; i++) {
                ids[i] = Short.toUnsignedInt(buffer.getShort());
            }
            buffer.clear();
            for (int i = 0; i < count; i++) {
                buffer.putInt(ids[i]);
            }
            writeBuffer(TokenFormat.LLAMA3.position(from));
        }
        format = TokenFormat.LLAMA3;
    }

    /** Moves the ids from a position on into another writer's file, which is empty. */
    void moveEnd(long from, TokenFileWriter other) throws IOException {
        other.format = format;
        other.size = size - from;
        long end = format.position(size);
        other.file.position(format.position(0));
        for (long at = format.position(from); at < end; ) {
            at += file.transferTo(at, end - at, other.file);
        }
        file.truncate(format.position(from));
        size = from;
    }

    /**
     * Writes what comes before the ids.
     *
     * @throws IllegalArgumentException if there are no ids, or more than the header can tell
     */
    void finish(Object name) throws IOException {
        if (size == 0) {
            throw new IllegalArgumentException(
                    "there are 0 tokens to write to " + name + "; give at least 1");
        }
        buffer.clear();
        format.putHeader(buffer, size);
        writeBuffer(0);
    }

    private void writeBuffer(long position) throws IOException {
        buffer.flip();
        for (long at = position; buffer.hasRemaining(); ) {
            at += file.write(buffer, at);
        }
    }

    private void readBuffer(long position) throws IOException {
        for (long at = position; buffer.hasRemaining(); ) {
            int count = file.read(buffer, at);
            if (count < 0) {
                throw new EOFException("the file has become shorter while it was written");
            }
            at += count;
        }
        buffer.flip();
    }
}
