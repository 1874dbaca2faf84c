package org.djlgpt.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.Inputs;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;
import org.djlgpt.torch.Kernels;
import org.djlgpt.torch.Recording;

/**
 * The last rung: all heads of {@link MultiHeadAttentionWrapper} in one projection that is split
 * into heads of width outputDim / numHeads, and an output projection that mixes them, (B, T,
 * inputDim) to (B, T, outputDim) for any T up to contextLength (Vaswani et al., 2017, section
 * 3.2.2).
 *
 * <p>Parameters are drawn in the order W_query, W_key, W_value, output weight, output bias.
 */
public final class MultiHeadAttention extends SelfAttention {

    private final int outputDim;
    private final int numHeads;
    private final int headDim;
    private final float dropoutRate;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear output;
    private final CausalMask mask;
    private final Dropout dropout;

    private MultiHeadAttention(Builder builder) {
        super(builder.inputDim, builder.outputDim, builder.contextLength);
        outputDim = builder.outputDim;
        numHeads = builder.numHeads;
        headDim = outputDim / numHeads;
        dropoutRate = builder.dropout;
        query = addChildBlock("W_query", builder.projection());
        key = addChildBlock("W_key", builder.projection());
        value = addChildBlock("W_value", builder.projection());
        output = addChildBlock("out_proj", builder.outputProjection());
        mask = addChildBlock("mask", new CausalMask(builder.contextLength));
        dropout = addChildBlock("dropout", Dropout.builder().optRate(dropoutRate).build());
    }

    /**
     * Starts building a block.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        NDArray queries = heads(pass.through(x, query)); // (B, H, T, D)
        NDArray keys = heads(pass.through(x, key)); // (B, H, T, D)
        NDArray values = heads(pass.through(x, value)); // (B, H, T, D)
        NDArray contexts =
                Kernels.supports(queries)
                        ? Kernels.causalAttention(
                                queries, keys, values, pass.training() ? dropoutRate : 0)
                        : mix(weigh(dot(queries, keys), pass), values); // (B, H, T, D)
        return pass.through(merge(contexts), output); // (B, T, outputDim)
    }

    /**
     * Makes an empty cache for {@link #attend}.
     *
     * @param manager a manager on the device of the block; closing it closes the cache
     * @param batchSize the number of sequences B
     * @return a float32 cache with room for contextLength tokens
     */
    public KeyValueCache newCache(NDManager manager, int batchSize) {
        Shape shape = new Shape(batchSize, numHeads, contextLength(), headDim);
        return new KeyValueCache(manager, shape, false);
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
        Inputs.requireContext((long) cache.length() + tokens, cache.contextLength());
        Pass pass = new Pass(new ParameterStore(x.getManager(), false), false);
        try (Recording off = Recording.off();
                Autocast precise = Autocast.float32()) {
            NDArray attended = scoped(() -> attend(x, cache, pass), x);
            cache.advance(tokens);
            return attended;
        }
    }

    private NDArray attend(NDArray x, KeyValueCache cache, Pass pass) {
        NDArray queries = heads(pass.through(x, query)); // (B, H, T, D)
        NDArray keys = heads(pass.through(x, key)); // (B, H, T, D)
        NDArray values = heads(pass.through(x, value)); // (B, H, T, D)
        NDArray contexts =
                Kernels.cachedAttention(
                        queries, keys, values, cache.keysAndValues(), cache.length());
        return pass.through(merge(contexts), output); // (B, T, outputDim)
    }

    @Override
    NDArray scores(NDArray x, Pass pass) {
        NDArray queries = heads(pass.through(x, query)); // (B, H, T, D)
        NDArray keys = heads(pass.through(x, key)); // (B, H, T, D)
        return dot(queries, keys); // (B, H, T, T)
    }

    @Override
    NDArray weigh(NDArray scores, Pass pass) {
        NDArray weights = scaledSoftmax(pass.through(scores, mask), headDim);
        return pass.through(weights, dropout); // (B, H, T, T)
    }

    private NDArray heads(NDArray x) {
        Shape shape = x.getShape(); // (B, T, H * D)
        return x.reshape(shape.get(0), shape.get(1), numHeads, headDim).swapAxes(1, 2);
    }

    private NDArray merge(NDArray contexts) {
        Shape shape = contexts.getShape(); // (B, H, T, D)
        return contexts.swapAxes(1, 2).reshape(shape.get(0), shape.get(2), outputDim);
    }

    @Override
    protected void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {
        long batch = inputShapes[0].get(0);
        long tokens = inputShapes[0].get(1);
        query.initialize(manager, dataType, inputShapes);
        key.initialize(manager, dataType, inputShapes);
        value.initialize(manager, dataType, inputShapes);
        output.initialize(manager, dataType, new Shape(batch, tokens, outputDim));
        Shape scores = new Shape(batch, numHeads, tokens, tokens);
        mask.initialize(manager, dataType, scores);
        dropout.initialize(manager, dataType, scores);
    }

    /** Builds a {@link MultiHeadAttention}. */
    public static final class Builder extends MultiHeadAttentionBuilder<Builder> {

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        private Linear outputProjection() {
            return Linear.builder()
                    .setInputDim(outputDim)
                    .setOutputDim(outputDim)
                    .optInitialization(initialization.residual())
                    .build();
        }

        /**
         * Builds the block.
         *
         * @return the block, not yet initialized
         * @throws IllegalArgumentException if a size is missing or below 1, numHeads does not
         *     divide outputDim, or dropout lies outside [0, 1)
         */
        public MultiHeadAttention build() {
            requireDims();
            Inputs.requireDivisible(numHeads, "outputDim", outputDim);
            return new MultiHeadAttention(this);
        }
    }
}
