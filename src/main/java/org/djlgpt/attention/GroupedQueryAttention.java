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
import org.djlgpt.nn.RmsNorm;

import java.util.Objects;

/**
 * {@link MultiHeadAttention} in which groups of queries share a key and a value, so that a cache
 * holds less, (B, T, inputDim) to (B, T, outputDim) for any T up to contextLength (Ainslie et al.,
 * "GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints", 2023).
 *
 * <pre>
 *            multi-head         grouped            multi-query
 * queries    q q q q q q q q    q q q q q q q q    q q q q q q q q
 *            | | | | | | | |     \|   \|  |/  |/    \ \ \ | | / / /
 * keys       k k k k k k k k      k    k  k   k            k
 * numKeyValueHeads      8                  4               1
 * </pre>
 *
 * <p>Positions may be told by a {@link RotaryEmbedding}, heads may have a width of their own,
 * queries and keys may be normalized (Henry et al., "Query-Key Normalization for Transformers",
 * 2020, with the norm of Qwen3), and a window may limit how far a token looks back (Jiang et al.,
 * "Mistral 7B", 2023, section 2). Parameters are drawn in the order W_query, W_key, W_value, output
 * weight; the output layer has no bias.
 */
public final class GroupedQueryAttention extends CachedAttention {

    private final int outputDim;
    private final int window;
    private final float dropoutRate;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear output;
    private final RmsNorm queryNorm;
    private final RmsNorm keyNorm;
    private final RotaryEmbedding rotary;
    private final Dropout dropout;

    private GroupedQueryAttention(Builder builder) {
        super(builder, builder.numKeyValueHeads, builder.headDim);
        outputDim = builder.outputDim;
        window = builder.slidingWindow;
        dropoutRate = builder.dropout;
        query = addChildBlock("W_query", builder.projection(Role.QUERY, builder.numHeads));
        key = addChildBlock("W_key", builder.projection(Role.KEY, builder.numKeyValueHeads));
        value = addChildBlock("W_value", builder.projection(Role.VALUE, builder.numKeyValueHeads));
        output = addChildBlock("out_proj", builder.outputProjection());
        queryNorm = builder.norm() == null ? null : addChildBlock("query_norm", builder.norm());
        keyNorm = builder.norm() == null ? null : addChildBlock("key_norm", builder.norm());
        rotary = builder.rotary;
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

    /**
     * Returns the norm of the queries.
     *
     * @return a norm of width headDim, or null if there is none
     */
    public RmsNorm queryNorm() {
        return queryNorm;
    }

    /**
     * Returns the norm of the keys.
     *
     * @return a norm of width headDim, or null if there is none
     */
    public RmsNorm keyNorm() {
        return keyNorm;
    }

    /**
     * Returns what tells positions.
     *
     * @return the rotation, or null if there is none
     */
    public RotaryEmbedding rotary() {
        return rotary;
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        NDList heads = heads(x, pass);
        NDArray queries = placed(heads.get(0), queryNorm, pass); // (B, H, T, D)
        NDArray keys = placed(heads.get(1), keyNorm, pass); // (B, G, T, D)
        NDArray values = heads.get(2); // (B, G, T, D)
        NDArray contexts =
                Functional.causalAttention(
                        queries,
                        keys,
                        values,
                        pass.dropout(dropoutRate),
                        window,
                        pass.positions()); // (B, H, T, D)
        return pass.through(merge(contexts), output); // (B, T, outputDim)
    }

    @Override
    NDArray attend(NDArray x, KeyValueCache cache, Pass pass) {
        NDList heads = heads(x, pass);
        NDArray queries = placed(heads.get(0), queryNorm, pass); // (B, H, T, D)
        NDArray keys = placed(heads.get(1), keyNorm, pass); // (B, G, T, D)
        NDArray values = heads.get(2); // (B, G, T, D)
        NDArray contexts = cache.attend(queries, keys, values, window); // (B, H, T, D)
        return pass.through(merge(contexts), output); // (B, T, outputDim)
    }

    private NDArray placed(NDArray heads, RmsNorm norm, Pass pass) {
        NDArray normed = norm == null ? heads : pass.through(heads, norm);
        return rotary == null ? normed : rotary.rotate(normed, pass.positions());
    }

    @Override
    NDArray scores(NDArray x, Pass pass) {
        NDArray queries = placed(split(pass.through(x, query)), queryNorm, pass); // (B, H, T, D)
        NDArray keys = placed(split(pass.through(x, key)), keyNorm, pass); // (B, G, T, D)
        return dot(queries, keys); // (B, H, T, T)
    }

    @Override
    NDArray weigh(NDArray scores, Pass pass) {
        NDArray weights = Functional.causalWeights(scores, headDim(), window);
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
        output.initialize(
                manager, dataType, new Shape(batch, tokens, (long) numHeads() * headDim()));
        if (queryNorm != null) {
            queryNorm.initialize(manager, dataType, new Shape(batch, tokens, headDim()));
            keyNorm.initialize(manager, dataType, new Shape(batch, tokens, headDim()));
        }
        dropout.initialize(manager, dataType, new Shape(batch, numHeads(), tokens, tokens));
    }

    /** Builds a {@link GroupedQueryAttention}. */
    public static final class Builder extends MultiHeadAttentionBuilder<Builder> {

        private int numKeyValueHeads;
        private Integer headDim;
        private Double normEpsilon;
        private RotaryEmbedding rotary;
        private int slidingWindow = Functional.NO_WINDOW;

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets the number of keys and of values for each token.
         *
         * @param numKeyValueHeads a divisor of the number of heads
         * @return this builder
         */
        public Builder setNumKeyValueHeads(int numKeyValueHeads) {
            this.numKeyValueHeads = numKeyValueHeads;
            return this;
        }

        /**
         * Sets the width of a head.
         *
         * @param headDim at least 1, even if heads are rotated; outputDim / numHeads by default
         * @return this builder
         */
        public Builder optHeadDim(int headDim) {
            this.headDim = headDim;
            return this;
        }

        /**
         * Normalizes queries and keys before they are rotated.
         *
         * @param epsilon what is added to their mean squares, positive; no norm by default
         * @return this builder
         */
        public Builder optQueryKeyNorm(double epsilon) {
            normEpsilon = epsilon;
            return this;
        }

        /**
         * Sets what tells positions.
         *
         * @param rotary a rotation for the width of a head, which layers may share; none by default
         * @return this builder
         */
        public Builder optRotary(RotaryEmbedding rotary) {
            this.rotary = Objects.requireNonNull(rotary, "rotary");
            return this;
        }

        /**
         * Limits how far a token looks back.
         *
         * @param slidingWindow how many tokens it sees, itself included, at least 1; all by default
         * @return this builder
         */
        public Builder optSlidingWindow(int slidingWindow) {
            this.slidingWindow = slidingWindow;
            return this;
        }

        private Linear projection(Role role, int heads) {
            return layers.linear(role, inputDim, heads * headDim, qkvBias);
        }

        private Linear outputProjection() {
            return layers.linear(Role.ATTENTION_OUTPUT, numHeads * headDim, outputDim, false);
        }

        private RmsNorm norm() {
            return normEpsilon == null ? null : new RmsNorm(headDim, normEpsilon);
        }

        /**
         * Builds the block.
         *
         * @return the block, not yet initialized
         * @throws IllegalArgumentException if a size is missing or below 1, numKeyValueHeads does
         *     not divide numHeads, no headDim is given and numHeads does not divide outputDim, the
         *     rotation is for another headDim, a norm's epsilon is not positive, or dropout lies
         *     outside [0, 1)
         */
        public GroupedQueryAttention build() {
            requireDims();
            Checks.requirePositive("numKeyValueHeads", numKeyValueHeads);
            Checks.requireDivisible("numKeyValueHeads", numKeyValueHeads, "numHeads", numHeads);
            Checks.requirePositive("slidingWindow", slidingWindow);
            if (headDim == null) {
                Checks.requireDivisible(numHeads, "outputDim", outputDim);
                headDim = outputDim / numHeads;
            }
            Checks.requirePositive("headDim", headDim);
            if (rotary != null) {
                rotary.requireHeadDim(headDim);
            }
            return new GroupedQueryAttention(this);
        }
    }
}
