package org.djlgpt.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.Pass;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * The fifth rung: several {@link CausalAttention} heads side by side, their outputs concatenated,
 * (B, T, inputDim) to (B, T, numHeads * outputDim). Heads are drawn one after the other.
 */
public final class MultiHeadAttentionWrapper extends SelfAttention {

    private final List<CausalAttention> heads = new ArrayList<>();

    private MultiHeadAttentionWrapper(Builder builder) {
        super(builder.inputDim, builder.numHeads * builder.outputDim, builder.contextLength);
        for (int i = 0; i < builder.numHeads; i++) {
            heads.add(addChildBlock("head", builder.head()));
        }
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
     * Returns the heads.
     *
     * @return the blocks whose outputs stand side by side, from left to right
     */
    public List<CausalAttention> heads() {
        return Collections.unmodifiableList(heads);
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        NDList contexts = each(head -> pass.through(x, head)); // numHeads of (B, T, outputDim)
        if (contexts.size() == 1) {
            return contexts.head(); // DJL would copy a single array without its gradient
        }
        return NDArrays.concat(contexts, -1); // (B, T, numHeads * outputDim)
    }

    @Override
    NDArray scores(NDArray x, Pass pass) {
        return NDArrays.stack(each(head -> head.scores(x, pass)), 1); // (B, H, T, T)
    }

    @Override
    NDArray weigh(NDArray scores, Pass pass) {
        return heads.get(0).weigh(scores, pass); // (B, H, T, T)
    }

    private NDList each(Function<CausalAttention, NDArray> of) {
        return new NDList(heads.stream().map(of).toList());
    }

    @Override
    protected void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {
        heads.forEach(head -> head.initialize(manager, dataType, inputShapes));
    }

    /** Builds a {@link MultiHeadAttentionWrapper}; outputDim is the width of one head. */
    public static final class Builder extends MultiHeadAttentionBuilder<Builder> {

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        private CausalAttention head() {
            return CausalAttention.builder()
                    .setInputDim(inputDim)
                    .setOutputDim(outputDim)
                    .setContextLength(contextLength)
                    .optDropout(dropout)
                    .optQkvBias(qkvBias)
                    .optLayers(layers)
                    .build();
        }

        /**
         * Builds the block.
         *
         * @return the block, not yet initialized
         * @throws IllegalArgumentException if a size is missing or below 1, or dropout lies outside
         *     [0, 1)
         */
        public MultiHeadAttentionWrapper build() {
            requireDims();
            return new MultiHeadAttentionWrapper(this);
        }
    }
}
