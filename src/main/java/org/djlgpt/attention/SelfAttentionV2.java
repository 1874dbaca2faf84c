package org.djlgpt.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;

/**
 * The third rung: the matrices of {@link SelfAttentionV1} become linear layers, (.., T, inputDim)
 * to (.., T, outputDim). Their initialization suits training, and a bias is possible.
 */
public final class SelfAttentionV2 extends SelfAttention {

    private final int outputDim;
    private final Linear query;
    private final Linear key;
    private final Linear value;

    private SelfAttentionV2(Builder builder) {
        super(builder.inputDim, builder.outputDim);
        outputDim = builder.outputDim;
        query = addChildBlock("W_query", projection(builder, Role.QUERY));
        key = addChildBlock("W_key", projection(builder, Role.KEY));
        value = addChildBlock("W_value", projection(builder, Role.VALUE));
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
        NDArray values = pass.through(x, value); // (.., T, outputDim)
        return mix(weigh(scores(x, pass), pass), values); // (.., T, outputDim)
    }

    @Override
    NDArray scores(NDArray x, Pass pass) {
        return dot(pass.through(x, query), pass.through(x, key)); // (.., T, T)
    }

    @Override
    NDArray weigh(NDArray scores, Pass pass) {
        return scaledSoftmax(scores, outputDim);
    }

    @Override
    protected void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {
        query.initialize(manager, dataType, inputShapes);
        key.initialize(manager, dataType, inputShapes);
        value.initialize(manager, dataType, inputShapes);
    }

    /** Builds a {@link SelfAttentionV2}. */
    public static final class Builder extends LinearAttentionBuilder<Builder> {

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Builds the block.
         *
         * @return the block, not yet initialized
         * @throws IllegalArgumentException if a width is missing or below 1
         */
        public SelfAttentionV2 build() {
            requireDims();
            return new SelfAttentionV2(this);
        }
    }
}
