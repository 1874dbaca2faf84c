package org.djlgpt.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.norm.Dropout;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Functional;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;

/**
 * The last rung: all heads of {@link MultiHeadAttentionWrapper} in one projection that is split
 * into heads of width outputDim / numHeads, and an output projection that mixes them, (B, T,
 * inputDim) to (B, T, outputDim) for any T up to contextLength (Vaswani et al., 2017, section
 * 3.2.2).
 *
 * <p>Parameters are drawn in the order W_query, W_key, W_value, output weight, output bias.
 */
public final class MultiHeadAttention extends CachedAttention {

    private final int outputDim;
    private final float dropoutRate;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear output;
    private final CausalMask mask;
    private final Dropout dropout;

    private MultiHeadAttention(Builder builder) {
        super(builder, builder.numHeads, builder.outputDim / builder.numHeads);
        outputDim = builder.outputDim;
        dropoutRate = builder.dropout;
        query = addChildBlock("W_query", builder.projection(Role.QUERY));
        key = addChildBlock("W_key", builder.projection(Role.KEY));
        value = addChildBlock("W_value", builder.projection(Role.VALUE));
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
    public Linear query() {
        return query;
    }

    @Override
    public Linear key() {
        return key;
    }

    @Override
    public Linear value() {
        return value;
    }

    @Override
    public Linear output() {
        return output;
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        NDList heads = heads(x, pass);
        NDArray queries = heads.get(0); // (B, H, T, D)
        NDArray keys = heads.get(1); // (B, H, T, D)
        NDArray values = heads.get(2); // (B, H, T, D)
        NDArray contexts =
                Functional.causalAttention(
                        queries,
                        keys,
                        values,
                        pass.dropout(dropoutRate),
                        Functional.NO_WINDOW,
                        pass.positions()); // (B, H, T, D)
        return pass.through(merge(contexts), output); // (B, T, outputDim)
    }

    @Override
    NDArray attend(NDArray x, KeyValueCache cache, Pass pass) {
        NDList heads = heads(x, pass);
        NDArray queries = heads.get(0); // (B, H, T, D)
        NDArray keys = heads.get(1); // (B, H, T, D)
        NDArray values = heads.get(2); // (B, H, T, D)
        NDArray contexts =
                cache.attend(queries, keys, values, Functional.NO_WINDOW); // (B, H, T, D)
        return pass.through(merge(contexts), output); // (B, T, outputDim)
    }

    @Override
    NDArray scores(NDArray x, Pass pass) {
        NDArray queries = split(pass.through(x, query)); // (B, H, T, D)
        NDArray keys = split(pass.through(x, key)); // (B, H, T, D)
        return dot(queries, keys); // (B, H, T, T)
    }

    @Override
    NDArray weigh(NDArray scores, Pass pass) {
        NDArray weights = scaledSoftmax(pass.through(scores, mask), headDim());
        return pass.through(weights, dropout); // (B, H, T, T)
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
        Shape scores = new Shape(batch, numHeads(), tokens, tokens);
        mask.initialize(manager, dataType, scores);
        dropout.initialize(manager, dataType, scores);
    }

    /** Builds a {@link MultiHeadAttention}. */
    public static final class Builder extends MultiHeadAttentionBuilder<Builder> {

        private boolean outputBias = true;

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets whether the layer that mixes the heads has a bias.
         *
         * @param outputBias true by default
         * @return this builder
         */
        public Builder optOutputBias(boolean outputBias) {
            this.outputBias = outputBias;
            return this;
        }

        private Linear projection(Role role) {
            return layers.linear(role, inputDim, outputDim, qkvBias);
        }

        private Linear outputProjection() {
            return layers.linear(Role.ATTENTION_OUTPUT, outputDim, outputDim, outputBias);
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
            Checks.requireDivisible(numHeads, "outputDim", outputDim);
            return new MultiHeadAttention(this);
        }
    }
}
