package org.djlgpt.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.LongStream;

/**
 * A read-only sequence of token ids, which may be longer than an array and larger than memory.
 *
 * <p>Positions are longs from 0 to {@link #size()} - 1. Implementations may be read by several
 * threads at once.
 */
public interface Tokens {

    /**
     * Tokens to learn from, and others to measure on what was learnt.
     *
     * @param training the tokens to train on
     * @param heldOut the tokens that no step may see
     */
    record Split(Tokens training, Tokens heldOut) {}

    /**
     * Keeps ids in memory.
     *
     * @param ids token ids, which are copied
     * @return the tokens
     * @throws IllegalArgumentException if an id is negative
     */
    static Tokens of(int... ids) {
        int[] copy = ids.clone();
        for (int i = 0; i < copy.length; i++) {
            if (copy[i] < 0) {
                throw new IllegalArgumentException(
                        "token id="
                                + copy[i]
                                + " at position "
                                + i
                                + " is negative; ids start at 0");
            }
        }
        return new Tokens() {
            @Override
            public long size() {
                return copy.length;
            }

            @Override
            public void read(long from, int[] into) {
                TokenSlice.requireWithin(from, from + into.length, copy.length);
                System.arraycopy(copy, (int) from, into, 0, into.length);
            }
        };
    }

    /**
     * Returns the number of tokens.
     *
     * @return the size, 0 or more
     */
    long size();

    /**
     * Fills an array with the ids from a position on.
     *
     * @param from the position of the first id
     * @param into the array to fill; its length says how many ids are read
     * @throws IllegalArgumentException if {@code from} is negative, or fewer ids follow it than the
     *     array takes
     */
    void read(long from, int[] into);

    /**
     * Returns a part of these tokens, without copying.
     *
     * @param from the position of the first token
     * @param to the position after the last token; equal to {@code from} for none
     * @return the part
     * @throws IllegalArgumentException unless 0 &lt;= {@code from} &lt;= {@code to} &lt;= {@link
     *     #size()}
     */
    default Tokens slice(long from, long to) {
        return new TokenSlice(this, from, to);
    }

    /**
     * Holds out the end of these tokens, a tenth of them, rounded down, without copying.
     *
     * @return what lies before it, and the end
     */
    default Split holdOutTenth() {
        return holdOut(0.1);
    }

    /**
     * Holds out the end of these tokens, without copying.
     *
     * @param share how much of them, in [0, 1]; their number is rounded down
     * @return what lies before it, and the end
     * @throws IllegalArgumentException if there is no such share
     */
    default Split holdOut(double share) {
        long training = size() - TokenSlice.share(size(), share);
        return new Split(slice(0, training), slice(training, size()));
    }

    /**
     * Puts tokens one after the other, without copying.
     *
     * @param parts the tokens in order, at least one
     * @return all of them
     */
    static Tokens join(List<? extends Tokens> parts) {
        return parts.size() == 1 ? parts.get(0) : new JoinedTokens(List.copyOf(parts));
    }

    /**
     * Walks over these tokens, in arrays of moderate size.
     *
     * @return the ids, piece after piece
     */
    default Iterable<int[]> chunks() {
        int most = TokenSlice.CHUNK;
        return () ->
                LongStream.iterate(0, from -> from < size(), from -> from + most)
                        .mapToObj(
                                from -> {
                                    int[] ids = new int[(int) Math.min(most, size() - from)];
                                    read(from, ids);
                                    return ids;
                                })
                        .iterator();
    }

    /**
     * Finds the largest id in one pass.
     *
     * @return the id, or -1 if there are no tokens
     */
    default int maxId() {
        int max = -1;
        for (int[] ids : chunks()) {
            for (int id : ids) {
                max = Math.max(max, id);
            }
        }
        return max;
    }

    /**
     * Counts in one pass how often each id comes.
     *
     * @param vocabSize the number of ids
     * @return a count for each id below {@code vocabSize}
     * @throws IllegalArgumentException if an id is {@code vocabSize} or more, naming the first such
     *     id and its position
     */
    default long[] counts(int vocabSize) {
        long[] counts = new long[vocabSize];
        long position = 0;
        for (int[] ids : chunks()) {
            for (int id : ids) {
                if (id >= vocabSize) {
                    throw new IllegalArgumentException(
                            String.format(
                                    "token id=%d at position %d is not below vocabSize=%d; use the"
                                            + " tokenizer that made the tokens, or a model with a"
                                            + " larger vocabulary",
                                    id, position, vocabSize));
                }
                counts[id]++;
                position++;
            }
        }
        return counts;
    }

    /**
     * Checks that a model has an embedding for every id.
     *
     * @param vocabSize the number of ids that the model knows
     * @throws IllegalArgumentException if an id is {@code vocabSize} or more, naming the first such
     *     id and its position
     */
    default void requireIdsBelow(int vocabSize) {
        if (maxId() >= vocabSize) {
            counts(vocabSize); // finds the first
        }
    }

    /**
     * Sums up all tokens in one pass, to tell whether others are the same.
     *
     * @return the SHA-256 of the ids as 32-bit little-endian integers, in 64 hexadecimal digits
     */
    default String sha256() {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        for (int[] ids : chunks()) {
            ByteBuffer bytes =
                    ByteBuffer.allocate(ids.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asIntBuffer().put(ids);
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
