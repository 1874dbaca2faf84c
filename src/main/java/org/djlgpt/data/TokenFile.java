package org.djlgpt.data;

import org.djlgpt.io.AtomicFile;
import org.djlgpt.io.FileProblem;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Tokens in a file: unsigned 16-bit ids, little-endian, nothing else, as in nanoGPT's {@code
 * train.bin}, or behind one of llm.c's headers of 1,024 bytes, that of GPT-2's ids of 16 bits or
 * that of Llama 3's of 32. What is written has no header and 16 bits, unless an id is larger than
 * 65,535; then it has llm.c's of 32 bits. Files of 32-bit ids without a header are told apart and
 * refused.
 *
 * <p>The file is mapped into memory, so it may be larger than the heap and than physical memory. It
 * must not shrink while it is in use; {@link #write} replaces it as a whole, which is safe, except
 * that Windows refuses to replace a mapped file. The mapping ends when this object is garbage.
 */
public final class TokenFile implements Tokens {

    /** One mapping can't exceed 2 GiB. */
    private static final int SEGMENT_BYTES = 1 << 30;

    private final List<ByteBuffer> segments;
    private final TokenFormat format;
    private final int segmentTokens;
    private final long size;
    private int maxId = -1;

    private TokenFile(List<ByteBuffer> segments, TokenFormat format, int segmentTokens, long size) {
        this.segments = segments;
        this.format = format;
        this.segmentTokens = segmentTokens;
        this.size = size;
    }

    /**
     * Opens a token file.
     *
     * @param file the file
     * @return its tokens
     * @throws IllegalArgumentException if the file is missing, a folder, empty, unreadable, of an
     *     odd number of bytes, holds ids of 32 bits without a header, or another number of ids than
     *     its header says
     * @throws IOException if it can't be mapped
     */
    public static TokenFile open(Path file) throws IOException {
        return open(file, SEGMENT_BYTES);
    }

    /**
     * Reads a token file that can't be mapped, such as one in a distributed file system. Each
     * {@link Tokens#read} asks for just its bytes.
     *
     * @param bytes the file
     * @param name what messages call it
     * @return its tokens; reading them throws {@link java.io.UncheckedIOException}
     * @throws IllegalArgumentException as {@link #open} does
     * @throws IOException if the beginning can't be read
     */
    public static Tokens open(PositionedBytes bytes, String name) throws IOException {
        return PositionedTokens.open(bytes, name);
    }

    /** Opens a file in mappings of a multiple of an id's bytes. */
    static TokenFile open(Path file, int segmentBytes) throws IOException {
        FileProblem.requireReadable(file);
        try (FileChannel channel = FileChannel.open(file)) {
            long bytes = channel.size();
            ByteBuffer look =
                    channel.map(MapMode.READ_ONLY, 0, Math.min(bytes, TokenFormat.LOOK_BYTES));
            TokenFormat format = TokenFormat.of(look, bytes, file);
            List<ByteBuffer> segments = new ArrayList<>();
            for (long from = format.position(0); from < bytes; from += segmentBytes) {
                long length = Math.min(segmentBytes, bytes - from);
                ByteBuffer segment = channel.map(MapMode.READ_ONLY, from, length);
                segments.add(segment.order(ByteOrder.LITTLE_ENDIAN));
            }
            long size = (bytes - format.position(0)) / format.width();
            return new TokenFile(segments, format, segmentBytes / format.width(), size);
        }
    }

    /**
     * Writes tokens to a file and opens it. The file appears when it is complete; one that was
     * there is replaced.
     *
     * @param file the file, in a folder that exists
     * @param tokens at least one token
     * @return the tokens in the file
     * @throws IllegalArgumentException if there are no tokens
     * @throws IOException if the file can't be written
     */
    public static TokenFile write(Path file, Tokens tokens) throws IOException {
        return write(file, tokens.chunks());
    }

    /**
     * Writes ids that need not fit into memory at once, such as those of a {@link
     * org.djlgpt.text.CorpusEncoder}, to a file and opens it. The file appears when it is complete;
     * one that was there is replaced.
     *
     * @param file the file, in a folder that exists
     * @param pieces ids, piece after piece; at least one id in all
     * @return the tokens in the file
     * @throws IllegalArgumentException if there are no ids, or one is negative
     * @throws IOException if the file can't be written
     */
    public static TokenFile write(Path file, Iterable<int[]> pieces) throws IOException {
        AtomicFile.write(file, channel -> writer(channel, pieces).finish(file));
        return open(file);
    }

    /**
     * Writes ids to a file and those at the end to another. Each appears when both are complete.
     *
     * @param training takes the ids before, at least one
     * @param heldOut takes those at the end, at least one
     * @param share how much of the ids are held out, as in {@link Tokens#holdOut}
     * @param pieces ids, piece after piece
     * @return the tokens in the files
     * @throws IllegalArgumentException if there are no ids for one of the files, or one is negative
     * @throws IOException if a file can't be written
     */
    public static Split write(Path training, Path heldOut, double share, Iterable<int[]> pieces)
            throws IOException {
        AtomicFile.write(
                training,
                channel -> {
                    TokenFileWriter all = writer(channel, pieces);
                    AtomicFile.write(
                            heldOut,
                            other -> {
                                TokenFileWriter end = new TokenFileWriter(other);
                                all.moveEnd(all.size() - TokenSlice.share(all.size(), share), end);
                                end.finish(heldOut.getFileName());
                                all.finish(training.getFileName());
                            });
                });
        return new Split(open(training), open(heldOut));
    }

    private static TokenFileWriter writer(FileChannel channel, Iterable<int[]> pieces)
            throws IOException {
        TokenFileWriter writer = new TokenFileWriter(channel);
        for (int[] ids : pieces) {
            writer.write(ids);
        }
        return writer;
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

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException also if an id is larger than an int
     */
    @Override
    public void read(long from, int[] into) {
        TokenSlice.requireWithin(from, from + into.length, size);
        int done = 0;
        while (done < into.length) {
            ByteBuffer segment = segments.get((int) ((from + done) / segmentTokens));
            int offset = (int) ((from + done) % segmentTokens);
            int count = Math.min(into.length - done, segment.limit() / format.width() - offset);
            ByteBuffer part = segment.duplicate().order(ByteOrder.LITTLE_ENDIAN);
            format.get(part.position(offset * format.width()), into, done, count);
            done += count;
        }
        requireIds(from, into);
    }

    static void requireIds(long from, int[] ids) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0) {
                throw new IllegalArgumentException(
                        "token id=%s at position %d is larger than %d; write the file again"
                                .formatted(
                                        Integer.toUnsignedString(ids[i]),
                                        from + i,
                                        Integer.MAX_VALUE));
            }
        }
    }
}
