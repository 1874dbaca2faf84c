package org.djlgpt.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.Checks;
import org.djlgpt.torch.CacheKernels;
import org.djlgpt.torch.FloatType;
import org.djlgpt.torch.Kernels;

/**
 * The keys and values of the tokens that one attention layer has seen, so that the next token need
 * not compute them again. A cache belongs to one sequence or batch and one thread at a time.
 *
 * <p>It takes 2 * numHeads * headDim numbers for each token that there is room for: a whole
 * context, or at first {@value #FIRST_ROOM} tokens of a longer one, and twice as many whenever they
 * are used up.
 */
public final class KeyValueCache implements AutoCloseable {

    /** The number of tokens of a long context for which there is room at first. */
    public static final int FIRST_ROOM = 128;

    private final NDManager manager;
    private final FloatType type;
    private NDArray keysAndValues; // (2, B, H, room, D)
    private final int contextLength;
    private int room;
    private int length;

    /**
     * Makes an empty cache.
     *
     * @param parent a manager on the device of the layer; closing it closes the cache
     * @param shape (B, numHeads, contextLength, headDim)
     * @param type what the numbers are kept in
     * @throws IllegalArgumentException if the shape has not 4 dimensions, each at least 1
     */
    public KeyValueCache(NDManager parent, Shape shape, FloatType type) {
        requireSizes(shape);
        this.type = type;
        contextLength = (int) shape.get(2);
        manager = parent.newSubManager();
        room = Math.min(contextLength, FIRST_ROOM);
        keysAndValues = zeros(new Shape(2, shape.get(0), shape.get(1), room, shape.get(3)));
    }

    private static void requireSizes(Shape shape) {
        boolean known = shape.dimension() == 4;
        for (long size : shape.getShape()) {
            known &= size >= 1;
        }
        if (!known) {
            throw new IllegalArgumentException(
                    "a cache of shape %s can't be made; give (B, numHeads, contextLength, headDim)"
                            .formatted(shape));
        }
    }

    private NDArray zeros(Shape shape) {
        NDArray wide = manager.zeros(shape);
        if (type == FloatType.FLOAT32) {
            return wide;
        }
        try (wide) {
            return type.from(wide);
        }
    }

    /** Attends to these tokens and to those before, and keeps their keys and values. */
    NDArray attend(NDArray queries, NDArray keys, NDArray values, int window) {
        return Kernels.cachedAttention(queries, keys, values, keysAndValues, length, window);
    }

    /**
     * Makes room for tokens whose keys and values are to be written behind the others.
     *
     * @param tokens how many
     * @throws IllegalArgumentException if the context has no room for them
     */
    public void reserve(int tokens) {
        Checks.requireContext((long) length + tokens, contextLength);
        if (length + tokens <= room) {
            return;
        }
        int grown = Math.min(contextLength, Math.max(2 * room, length + tokens));
        try (NDArray outgrown = keysAndValues) {
            keysAndValues = CacheKernels.grown(outgrown, length, grown);
            NDScope.unregister(keysAndValues);
        }
        room = grown;
    }

    /**
     * Returns how many tokens of each sequence it holds.
     *
     * @return a number from 0 to the context length
     */
    public int length() {
        return length;
    }

    /**
     * Returns how many tokens of each sequence there is room for.
     *
     * @return the context length
     */
    public int contextLength() {
        return contextLength;
    }

    /**
     * Forgets the last tokens, so that others can take their place.
     *
     * @param length how many tokens to keep, from 0 to {@link #length()}
     * @throws IllegalArgumentException if it lies outside
     */
    public void truncate(int length) {
        if (length < 0 || length > this.length) {
            throw new IllegalArgumentException(
                    "length=%d must lie in 0 to %d, the number of tokens in the cache"
                            .formatted(length, this.length));
        }
        this.length = length;
    }

    /**
     * Keeps the last tokens of some sequences, and puts those of another cache beside them. All end
     * at the same place; where one is shorter, zeros stand in front.
     *
     * @param rows which sequences to keep
     * @param kept how many tokens of each, from 0 to {@link #length()}
     * @param others what to add, from its first token on, or null for nothing
     */
    public void join(int[] rows, int kept, KeyValueCache others) {
        int joined = others == null ? kept : Math.max(kept, others.length);
        room = Math.min(contextLength, Math.max(room, joined + 1));
        try (NDArray before = keysAndValues) {
            keysAndValues =
                    CacheKernels.joined(
                            before,
                            rows,
                            length - kept,
                            kept,
                            others == null ? null : others.keysAndValues,
                            others == null ? 0 : others.length,
                            room);
            NDScope.unregister(keysAndValues);
        }
        length = joined;
    }

    /**
     * Puts the sequences of another cache in the place of some; they end where the others do,
     * behind zeros.
     *
     * @param rows which sequences to replace, as many as the other cache has
     * @param others what to put there, from its first token on; it has no more tokens than this one
     */
    public void replace(int[] rows, KeyValueCache others) {
        CacheKernels.put(keysAndValues, rows, length, others.keysAndValues, others.length);
    }

    /** Forgets all tokens. */
    public void reset() {
        length = 0;
    }

    /**
     * Counts tokens whose keys and values have been written behind the others.
     *
     * @param tokens how many
     * @throws IllegalArgumentException if there is no room for them
     */
    public void advance(int tokens) {
        Checks.requireContext((long) length + tokens, contextLength());
        length += tokens;
    }

    /**
     * Returns the keys and the values.
     *
     * @return (2, B, numHeads, room, headDim), of which the first {@link #length()} tokens count;
     *     the cache owns it, and replaces it in {@link #reserve}
     */
    public NDArray keysAndValues() {
        return keysAndValues;
    }

    /**
     * Returns the memory that the cache takes.
     *
     * @return the number of bytes
     */
    public long bytes() {
        return keysAndValues.getShape().size() * type.bytes();
    }

    /** Frees the memory. */
    @Override
    public void close() {
        manager.close();
    }
}
