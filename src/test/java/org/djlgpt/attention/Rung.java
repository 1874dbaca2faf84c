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
    MULTI_HEAD,
    /** Two queries to a key where the heads are even, rotated and normalized. */
    GROUPED_QUERY;

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
        return compareTo(WRAPPER) >= 0 ? sizes.numHeads() : 1;
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
            case GROUPED_QUERY -> groupedQuery(sizes).build();
        };
    }

    private static GroupedQueryAttention.Builder groupedQuery(Sizes sizes) {
        int numHeads = sizes.numHeads();
        int headDim = 2 * sizes.headDim();
        GroupedQueryAttention.Builder builder =
                causal(GroupedQueryAttention.builder(), sizes)
                        .setNumHeads(numHeads)
                        .setNumKeyValueHeads(numHeads % 2 == 0 ? numHeads / 2 : 1)
                        .setOutputDim(numHeads * headDim)
                        .optQueryKeyNorm(1e-5);
        return headDim < 2 ? builder : builder.optRotary(new RotaryEmbedding(headDim));
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
