package org.djlgpt.attention;

import ai.djl.ndarray.types.Shape;

import org.djlgpt.testing.RandomArrays;

/** The rungs of the ladder, so that what holds for each can be tested on each. */
enum Rung {
    SIMPLIFIED,
    V1,
    V2,
    CAUSAL,
    WRAPPER,
    MULTI_HEAD;

    /** The sizes of a block and of its input. */
    record Sizes(
            int batch,
            int tokens,
            int contextLength,
            int inputDim,
            int headDim,
            int numHeads,
            boolean qkvBias,
            float dropout) {

        static Sizes random(RandomArrays arrays) {
            int contextLength = arrays.between(3, 6);
            return new Sizes(
                    arrays.between(1, 3),
                    arrays.between(2, contextLength),
                    contextLength,
                    arrays.between(1, 4),
                    arrays.between(1, 3),
                    arrays.between(1, 3),
                    arrays.between(0, 1) == 1,
                    0);
        }

        Shape input() {
            return new Shape(batch, tokens, inputDim);
        }
    }

    boolean isCausal() {
        return compareTo(CAUSAL) >= 0;
    }

    int heads(Sizes sizes) {
        return this == WRAPPER || this == MULTI_HEAD ? sizes.numHeads() : 1;
    }

    SelfAttention build(Sizes sizes) {
        return switch (this) {
            case SIMPLIFIED -> new SimplifiedSelfAttention();
            case V1 -> sized(SelfAttentionV1.builder(), sizes).build();
            case V2 -> sized(SelfAttentionV2.builder(), sizes).optQkvBias(sizes.qkvBias()).build();
            case CAUSAL -> causal(CausalAttention.builder(), sizes).build();
            case WRAPPER ->
                    causal(MultiHeadAttentionWrapper.builder(), sizes)
                            .setNumHeads(sizes.numHeads())
                            .build();
            case MULTI_HEAD ->
                    causal(MultiHeadAttention.builder(), sizes)
                            .setNumHeads(sizes.numHeads())
                            .setOutputDim(sizes.numHeads() * sizes.headDim())
                            .build();
        };
    }

    private static <B extends AttentionBuilder<B>> B sized(B builder, Sizes sizes) {
        return builder.setInputDim(sizes.inputDim()).setOutputDim(sizes.headDim());
    }

    private static <B extends CausalAttentionBuilder<B>> B causal(B builder, Sizes sizes) {
        return sized(builder, sizes)
                .setContextLength(sizes.contextLength())
                .optQkvBias(sizes.qkvBias())
                .optDropout(sizes.dropout());
    }
}
