package org.djlgpt.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.norm.Dropout;

import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;
import org.djlgpt.torch.Kernels;

/**
 * The fourth rung: {@link SelfAttentionV2} that sees no future and drops weights in training, (B,
 * T, inputDim) to (B, T, outputDim) for any T up to contextLength.
 */
public final class CausalAttention extends SelfAttention {

    private final int outputDim;
    private final float dropoutRate;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final CausalMask mask;
    private final Dropout dropout;

    private CausalAttention(Builder builder) {
        super(builder.inputDim, builder.outputDim, builder.contextLength);
        outputDim = builder.outputDim;
        dropoutRate = builder.dropout;
        query = addChildBlock("W_query", builder.projection());
        key = addChildBlock("W_key", builder.projection());
        value = addChildBlock("W_value", builder.projection());
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
        NDArray queries = pass.through(x, query); // (B, T, outputDim)
        NDArray keys = pass.through(x, key); // (B, T, outputDim)
        NDArray values = pass.through(x, value); // (B, T, outputDim)
        if (Kernels.supports(queries)) {
            return fused(queries, keys, values, pass); // (B, T, outputDim)
        }
        return mix(weigh(dot(queries, keys), pass), values); // (B, T, outputDim)
    }

    private NDArray fused(NDArray queries, NDArray keys, NDArray values, Pass pass) {
        return Kernels.causalAttention(
                        queries.expandDims(1),
                        keys.expandDims(1),
                        values.expandDims(1),
                        pass.training() ? dropoutRate : 0)
                .squeeze(1);
    }

    @Override
    NDArray scores(NDArray x, Pass pass) {
        return dot(pass.through(x, query), pass.through(x, key)); // (B, T, T)
    }

    @Override
    NDArray weigh(NDArray scores, Pass pass) {
        NDArray weights = scaledSoftmax(pass.through(scores, mask), outputDim);
        return pass.through(weights, dropout); // (B, T, T)
    }

    @Override
    protected void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {
        query.initialize(manager, dataType, inputShapes);
        key.initialize(manager, dataType, inputShapes);
        value.initialize(manager, dataType, inputShapes);
        Shape scores =
                new Shape(inputShapes[0].get(0), inputShapes[0].get(1), inputShapes[0].get(1));
        mask.initialize(manager, dataType, scores);
        dropout.initialize(manager, dataType, scores);
    }

    /** Builds a {@link CausalAttention}. */
    public static final class Builder extends CausalAttentionBuilder<Builder> {

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Builds the block.
         *
         * @return the block, not yet initialized
         * @throws IllegalArgumentException if a size is missing or below 1, or dropout lies outside
         *     [0, 1)
         */
        public CausalAttention build() {
            requireDims();
            return new CausalAttention(this);
        }
    }
}
