package org.djlgpt.text;

import org.djlgpt.io.AtomicFile;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Tokens in a file: unsigned 16-bit ids, little-endian, nothing else, as in nanoGPT's {@code
 * train.bin}, or behind the header of 1,024 bytes that llm.c's files of GPT-2 tokens have. Files of
 * 32-bit ids are told apart and refused.
 *
 * <p>The file is mapped into memory, so it may be larger than the heap and than physical memory. It
 * must not shrink while it is in use; {@link #write} replaces it as a whole, which is safe, except
 * that Windows refuses to replace a mapped file. The mapping ends when this object is garbage.
 */
public final class TokenFile implements Tokens {

    private static final long MAX_ID = 0xFFFF;

    /** One mapping can't exceed 2 GiB. */
    private static final int SEGMENT_BYTES = 1 << 30;

    /** The header of llm.c: 256 numbers, of which the first are a magic one and a version. */
    private static final int HEADER_BYTES = 1024;

    private static final int GPT2_MAGIC = 20240520;
    private static final int LLAMA3_MAGIC = 20240801;

    /**
     * How much of a file is looked at to tell 16-bit ids from 32-bit ones, and the fewest bytes.
     */
    private static final int LOOK_BYTES = 1 << 16;

    private static final int LOOK_LEAST = 64;

    private final List<ShortBuffer> segments;
    private final int segmentTokens;
    private final long size;
    private int maxId = -1;

    private TokenFile(List<ShortBuffer> segments, int segmentTokens, long size) {
        this.segments = segments;
        this.segmentTokens = segmentTokens;
        this.size = size;
    }

    /**
     * Opens a token file.
     *
     * @param file the file
     * @return its tokens
     * @throws IllegalArgumentException if the file is missing, a folder, empty, unreadable, of an
     *     odd number of bytes, or holds ids of 32 bits
     * @throws IOException if it can't be mapped
     */
    public static TokenFile open(Path file) throws IOException {
        return open(file, SEGMENT_BYTES);
    }

    /** Opens a file in mappings of an even number of bytes. */
    static TokenFile open(Path file, int segmentBytes) throws IOException {
        TextFile.requireReadable(file);
        try (FileChannel channel = FileChannel.open(file)) {
            long bytes = channel.size();
            if (bytes == 0 || bytes % Short.BYTES != 0) {
                throw new IllegalArgumentException(
                        String.format(
                                "token file %s has %d bytes, which is not a positive multiple of 2;"
                                        + " write it again",
                                file, bytes));
            }
            long start =
                    start(channel.map(MapMode.READ_ONLY, 0, Math.min(bytes, LOOK_BYTES)), file);
            List<ShortBuffer> segments = new ArrayList<>();
            for (long from = start; from < bytes; from += segmentBytes) {
                long length = Math.min(segmentBytes, bytes - from);
                ByteBuffer segment = channel.map(MapMode.READ_ONLY, from, length);
                segments.add(segment.order(ByteOrder.LITTLE_ENDIAN).asShortBuffer());
            }
            long size = (bytes - start) / Short.BYTES;
            return new TokenFile(segments, segmentBytes / Short.BYTES, size);
        }
    }

    /** Returns where the ids begin, and refuses files in which they are not of 16 bits. */
    private static long start(ByteBuffer beginning, Path file) {
        ByteBuffer look = beginning.order(ByteOrder.LITTLE_ENDIAN);
        if (look.limit() > HEADER_BYTES && look.getInt(0) == GPT2_MAGIC && look.getInt(4) == 1) {
            return HEADER_BYTES;
        }
        boolean llama3 = look.limit() >= HEADER_BYTES && look.getInt(0) == LLAMA3_MAGIC;
        if (llama3 || isOfInts(look)) {
            throw new IllegalArgumentException(
                    "token file "
                            + file
                            + " holds ids of 32 bits; write them as 16 bits, numpy's uint16, if"
                            + " none is larger than "
                            + MAX_ID);
        }
        return 0;
    }

    /** Small numbers of 32 bits have nothing in their upper half; 16-bit ids are not so regular. */
    private static boolean isOfInts(ByteBuffer look) {
        if (look.limit() < LOOK_LEAST || look.limit() % Integer.BYTES != 0) {
            return false;
        }
        boolean anyLower = false;
        for (int at = 0; at < look.limit(); at += Integer.BYTES) {
            if (look.getShort(at + Short.BYTES) != 0) {
                return false;
            }
            anyLower |= look.getShort(at) != 0;
        }
        return anyLower;
    }

    /**
     * Writes tokens to a file and opens it. The file appears when it is complete; one that was
     * there is replaced.
     *
     * @param file the file, in a folder that exists
     * @param tokens at least one token
     * @return the tokens in the file
     * @throws IllegalArgumentException if there are no tokens or an id is larger than 65535
     * @throws IOException if the file can't be written
     */
    public static TokenFile write(Path file, Tokens tokens) throws IOException {
        return write(file, tokens.chunks());
    }

    /**
     * Writes ids that need not fit into memory at once, such as those of one document after the
     * other, to a file and opens it. The file appears when it is complete; one that was there is
     * replaced.
     *
     * @param file the file, in a folder that exists
     * @param pieces ids, piece after piece; at least one id in all
     * @return the tokens in the file
     * @throws IllegalArgumentException if there are no ids, or one is negative or larger than 65535
     * @throws IOException if the file can't be written
     */
    public static TokenFile write(Path file, Iterable<int[]> pieces) throws IOException {
        AtomicFile.writeStream(
                file,
                out -> {
                    long written = 0;
                    for (int[] ids : pieces) {
                        writeIds(ids, written, out);
                        written += ids.length;
                    }
                    if (written == 0) {
                        throw new IllegalArgumentException(
                                "there are 0 tokens to write to " + file + "; give at least 1");
                    }
                });
        return open(file);
    }

    private static void writeIds(int[] ids, long position, OutputStream out) throws IOException {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] > MAX_ID) {
                throw new IllegalArgumentException(
                        "token id="
                                + ids[i]
                                + " at position "
                                + (position + i)
                                + " does not fit into 16 bits; a token file takes 0 to "
                                + MAX_ID);
            }
            out.write(ids[i]);
            out.write(ids[i] >>> Byte.SIZE);
        }
    }

    @Override
    public long size() {
        return size;
    }

    /**
     * {@inheritDoc}
     *
     * <p>The first call reads the file.
     */
    @Override
    public synchronized int maxId() {
        if (maxId < 0) {
            maxId = Tokens.super.maxId();
        }
        return maxId;
    }

    @Override
    public void read(long from, int[] into) {
        TokenSlice.requireWithin(from, from + into.length, size);
        short[] part = new short[Math.min(into.length, segmentTokens)];
        int done = 0;
        while (done < into.length) {
            ShortBuffer segment = segments.get((int) ((from + done) / segmentTokens));
            int offset = (int) ((from + done) % segmentTokens);
            int count = Math.min(into.length - done, segment.limit() - offset);
            segment.get(offset, part, 0, count);
            for (int i = 0; i < count; i++) {
                into[done + i] = Short.toUnsignedInt(part[i]);
            }
            done += count;
        }
    }
}
