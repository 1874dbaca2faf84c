package org.djlgpt.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.norm.Dropout;

import org.djlgpt.nn.Functional;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;

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
        query = addChildBlock("W_query", projection(builder, Role.QUERY));
        key = addChildBlock("W_key", projection(builder, Role.KEY));
        value = addChildBlock("W_value", projection(builder, Role.VALUE));
        mask = addChildBlock("mask", new CausalMask(builder.contextLength));
        dropout = addChildBlock("dropout", Dropout.builder().optRate(dropoutRate).build());
    }

    private static Linear projection(Builder builder, Role role) {
        return builder.layers.linear(role, builder.inputDim, builder.outputDim, builder.qkvBias);
    }

    /**
     * Starts building a block.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns the layer that makes queries.
     *
     * @return a layer from inputDim to outputDim
     */
    public Linear query() {
        return query;
    }

    /**
     * Returns the layer that makes keys.
     *
     * @return a layer from inputDim to outputDim
     */
    public Linear key() {
        return key;
    }

    /**
     * Returns the layer that makes values.
     *
     * @return a layer from inputDim to outputDim
     */
    public Linear value() {
        return value;
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        NDArray queries = pass.through(x, query); // (B, T, outputDim)
        NDArray keys = pass.through(x, key); // (B, T, outputDim)
        NDArray values = pass.through(x, value); // (B, T, outputDim)
        return Functional.causalAttention(
                queries,
                keys,
                values,
                pass.dropout(dropoutRate),
                Functional.NO_WINDOW,
                pass.positions()); // (B, T, outputDim)
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
