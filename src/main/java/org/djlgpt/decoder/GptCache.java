package org.djlgpt.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.attention.KeyValueCache;
import org.djlgpt.nn.Checks;
import org.djlgpt.torch.FloatType;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What a {@link GptDecoder} has seen of a sequence or batch: the keys and values of every layer, 2
 * * numLayers * numKeyValueHeads * headDim numbers for each token of a sequence. It belongs to one
 * thread at a time.
 *
 * <p>Sequences of different lengths are padded at the start; {@link #reset(int...)} says how much
 * of each row is padding, which nobody attends to.
 */
public final class GptCache implements AutoCloseable {

    private final NDManager manager;
    private final List<KeyValueCache> layers;
    private int[] paddings; // of each sequence
    private NDArray padding; // (B), or null if no sequence is padded

    GptCache(NDManager parent, int numLayers, Shape shape, FloatType type) {
        manager = parent.newSubManager();
        paddings = new int[(int) shape.get(0)];
        layers =
                IntStream.range(0, numLayers)
                        .mapToObj(layer -> new KeyValueCache(manager, shape, type))
                        .toList();
    }

    /**
     * Returns the number of sequences.
     *
     * @return B, at least 1
     */
    public int batchSize() {
        return paddings.length;
    }

    /**
     * Returns how many tokens of each sequence it holds, padding included.
     *
     * @return a number from 0 to {@link #contextLength()}
     */
    public int length() {
        return layers.get(0).length();
    }

    /**
     * Returns how many tokens of each sequence there is room for.
     *
     * @return the model's context length
     */
    public int contextLength() {
        return layers.get(0).contextLength();
    }

    /**
     * Forgets the last tokens of each sequence, so that others can take their place.
     *
     * @param length how many tokens to keep, from 0 to {@link #length()}
     * @throws IllegalArgumentException if it lies outside
     */
    public void truncate(int length) {
        layers.forEach(layer -> layer.truncate(length));
    }

    /**
     * Forgets all tokens.
     *
     * @param padding the number of tokens at the start of each sequence that will be padding; none
     *     if nothing is given
     * @throws IllegalArgumentException if there is not one number for each sequence, or one is
     *     negative or leaves no room for a token
     */
    public void reset(int... padding) {
        requirePadding(padding);
        layers.forEach(KeyValueCache::reset);
        pad(padding.length == 0 ? new int[batchSize()] : padding.clone());
    }

    private void pad(int... counts) {
        paddings = counts;
        if (padding != null) {
            padding.close();
        }
        boolean padded = IntStream.of(counts).anyMatch(count -> count > 0);
        padding = padded ? manager.create(IntStream.of(counts).asLongStream().toArray()) : null;
    }

    /**
     * Keeps some of the sequences, and takes those of another cache behind them; padding that none
     * of them needs any more goes. The other cache stays as it is.
     *
     * @param rows which sequences to keep, in their new order
     * @param others a cache of the same decoder, or null for none
     * @throws IllegalArgumentException if a row does not exist, or no sequence is left
     */
    public void join(int[] rows, GptCache others) {
        int[] added = others == null ? new int[0] : others.paddings;
        Checks.requirePositive("the number of sequences", rows.length + added.length);
        for (int row : rows) {
            Objects.checkIndex(row, batchSize());
        }
        int kept = longest(rows);
        int joined = others == null ? kept : Math.max(kept, others.length());
        IntStream before = IntStream.of(rows).map(row -> joined - (length() - paddings[row]));
        IntStream after = IntStream.of(added).map(count -> joined - (others.length() - count));
        int[] counts = IntStream.concat(before, after).toArray();
        for (int layer = 0; layer < layers.size(); layer++) {
            layers.get(layer).join(rows, kept, others == null ? null : others.layers.get(layer));
        }
        pad(counts);
    }

    /**
     * Puts the sequences of another cache in the place of some, which costs less than to {@link
     * #join} them: only they are copied. The other cache stays as it is.
     *
     * @param rows which sequences to replace
     * @param others a cache of the same decoder with as many sequences, and no more tokens
     * @throws IllegalArgumentException if a row does not exist, or the other cache does not fit
     */
    public void replace(int[] rows, GptCache others) {
        int[] counts = paddings.clone();
        for (int i = 0; i < rows.length; i++) {
            counts[Objects.checkIndex(rows[i], batchSize())] =
                    length() - (others.length() - others.paddings[i]);
        }
        for (int layer = 0; layer < layers.size(); layer++) {
            layers.get(layer).replace(rows, others.layers.get(layer));
        }
        pad(counts);
    }

    /**
     * Returns how many tokens the longest of some sequences has.
     *
     * @param rows which sequences
     * @return the most tokens of one, padding not counted; 0 without a row
     */
    public int longest(int... rows) {
        return IntStream.of(rows).map(row -> length() - paddings[row]).max().orElse(0);
    }

    private void requirePadding(int... padding) {
        boolean fits =
                padding.length == 0
                        || padding.length == batchSize()
                                && IntStream.of(padding)
                                        .allMatch(count -> count >= 0 && count < contextLength());
        if (!fits) {
            throw new IllegalArgumentException(
                    "padding %s must be one number for each of %d sequences, from 0 to %d"
                            .formatted(Arrays.toString(padding), batchSize(), contextLength() - 1));
        }
    }

    NDArray padding() {
        return padding;
    }

    /** Returns an array (2, B, H, C, D) for each layer. */
    List<NDArray> keysAndValues() {
        return layers.stream().map(KeyValueCache::keysAndValues).toList();
    }

    void reserve(int tokens) {
        layers.forEach(layer -> layer.reserve(tokens));
    }

    void advance(int tokens) {
        layers.forEach(layer -> layer.advance(tokens));
    }

    /**
     * Returns the memory that the keys and values take.
     *
     * @return the number of bytes
     */
    public long bytes() {
        return layers.stream().mapToLong(KeyValueCache::bytes).sum();
    }

    /** Frees the memory. */
    @Override
    public void close() {
        manager.close();
    }
}
