package org.djlgpt.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.Positions;
import org.djlgpt.torch.FloatType;
import org.djlgpt.torch.Recording;

/**
 * What the rungs that a model is made of have in common: one projection each for queries, keys and
 * values that is split into heads, and a way to take up a sequence where a cache has left it.
 */
public abstract class CachedAttention extends SelfAttention {

    private final int numHeads;
    private final int numKeyValueHeads;
    private final int headDim;

    CachedAttention(MultiHeadAttentionBuilder<?> builder, int numKeyValueHeads, int headDim) {
        super(builder.inputDim, builder.outputDim, builder.contextLength);
        numHeads = builder.numHeads;
        this.numKeyValueHeads = numKeyValueHeads;
        this.headDim = headDim;
    }

    /**
     * Returns the layer that makes queries.
     *
     * @return a layer from inputDim to numHeads * headDim
     */
    public abstract Linear query();

    /**
     * Returns the layer that makes keys.
     *
     * @return a layer from inputDim to numKeyValueHeads * headDim
     */
    public abstract Linear key();

    /**
     * Returns the layer that makes values.
     *
     * @return a layer from inputDim to numKeyValueHeads * headDim
     */
    public abstract Linear value();

    /**
     * Returns the layer that mixes what the heads have found.
     *
     * @return a layer from numHeads * headDim to outputDim
     */
    public abstract Linear output();

    abstract NDArray attend(NDArray x, KeyValueCache cache, Pass pass);

    /**
     * Makes an empty cache for {@link #attend}.
     *
     * @param manager a manager on the device of the block; closing it closes the cache
     * @param batchSize the number of sequences B
     * @return a float32 cache with room for contextLength tokens
     */
    public KeyValueCache newCache(NDManager manager, int batchSize) {
        Shape shape = new Shape(batchSize, numKeyValueHeads, contextLength(), headDim);
        return new KeyValueCache(manager, shape, FloatType.FLOAT32);
    }

    /**
     * Computes what {@code forward} gives for tokens that follow those in a cache, and puts them
     * into it. There is no dropout, and no gradient is recorded.
     *
     * @param x the new tokens (B, T, inputDim), float32
     * @param cache what {@link #newCache} made, with room for T more
     * @return their outputs (B, T, outputDim)
     * @throws IllegalArgumentException if the block or the cache does not take {@code x}
     */
    public NDArray attend(NDArray x, KeyValueCache cache) {
        requireType(x.getDataType());
        requireShape(x.getShape());
        int tokens = (int) x.getShape().get(1);
        cache.reserve(tokens);
        Positions positions = Positions.from(cache.length());
        Pass pass = new Pass(new ParameterStore(x.getManager(), false), false, positions);
        try (Recording off = Recording.off();
                Autocast precise = Autocast.float32()) {
            NDArray attended = scoped(() -> attend(x, cache, pass), x);
            cache.advance(tokens);
            return attended;
        }
    }

    final int numHeads() {
        return numHeads;
    }

    final int headDim() {
        return headDim;
    }

    /** Makes queries, keys and values of x (B, T, inputDim), (B, heads, T, D) each. */
    final NDList heads(NDArray x, Pass pass) {
        NDList heads = Linear.sideBySide(x, pass, query(), key(), value());
        heads.replaceAll(this::split);
        return heads;
    }

    /** Splits (B, T, heads * D) into (B, heads, T, D). */
    final NDArray split(NDArray x) {
        Shape shape = x.getShape();
        return x.reshape(shape.get(0), shape.get(1), -1, headDim).swapAxes(1, 2);
    }

    /** Puts (B, heads, T, D) side by side as (B, T, heads * D). */
    final NDArray merge(NDArray heads) {
        Shape shape = heads.getShape();
        return heads.swapAxes(1, 2).reshape(shape.get(0), shape.get(2), -1);
    }
}
