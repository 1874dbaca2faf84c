package org.djlgpt.model;

import org.djlgpt.attention.GroupedQueryAttention;
import org.djlgpt.attention.RotaryEmbedding;
import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Functional;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.RmsNorm;
import org.djlgpt.nn.TensorBlock;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Llama and its relatives: positions turn queries and keys, norms only scale, the feed-forward
 * network is gated, groups of queries share a key, and there is hardly a bias (Touvron et al.,
 * "Llama 2", 2023, section 2.2; Grattafiori et al., "The Llama 3 Herd of Models", 2024, section
 * 3.2).
 *
 * @param relative which of them
 * @param vocabSize the number of token ids
 * @param contextLength the greatest number of tokens in a sequence
 * @param embeddingDim the width E of a token inside the model
 * @param hiddenDim the width of the gate in a feed-forward network
 * @param numHeads the number of attention heads in a layer
 * @param numKeyValueHeads the number of keys and of values for a token; a divisor of {@code
 *     numHeads}
 * @param headDim the width of a head, even
 * @param numLayers the number of transformer blocks
 * @param normEpsilon what a norm adds to the mean square
 * @param ropeBase how much slower the last pair of a head turns than the first, above 1
 * @param ropeScaling how angles are changed for contexts longer than those of training
 * @param slidingWindow how many tokens a token sees, itself included; {@link Functional#NO_WINDOW}
 *     for all
 * @param attentionDropout the probability, in [0, 1), that an attention weight is dropped in
 *     training
 * @param tiedOutput whether the output layer shares the token embedding's weight
 * @param otherFields fields of a {@code config.json} that have no part in the computation, as JSON
 *     by name, kept for other readers
 * @serial exclude
 */
public record LlamaConfig(
        Relative relative,
        int vocabSize,
        int contextLength,
        int embeddingDim,
        int hiddenDim,
        int numHeads,
        int numKeyValueHeads,
        int headDim,
        int numLayers,
        double normEpsilon,
        double ropeBase,
        RotaryEmbedding.Scaling ropeScaling,
        int slidingWindow,
        float attentionDropout,
        boolean tiedOutput,
        Map<String, String> otherFields)
        implements GptConfig {

    /** A model of the family, and what it has that the others lack. */
    public enum Relative {
        /** Llama 2 and 3; TinyLlama and SmolLM2 are Llamas, too. */
        LLAMA,
        /** Mistral, which may have a sliding window. */
        MISTRAL,
        /** Qwen2 and 2.5, whose query, key and value layers have a bias. */
        QWEN2,
        /** Qwen3, which normalizes queries and keys. */
        QWEN3
    }

    /**
     * Checks the sizes.
     *
     * @param relative which of them
     * @param vocabSize the number of token ids
     * @param contextLength the greatest number of tokens in a sequence
     * @param embeddingDim the width E of a token inside the model
     * @param hiddenDim the width of the gate in a feed-forward network
     * @param numHeads the number of attention heads in a layer
     * @param numKeyValueHeads the number of keys and of values for a token
     * @param headDim the width of a head, even
     * @param numLayers the number of transformer blocks
     * @param normEpsilon what a norm adds to the mean square
     * @param ropeBase how much slower the last pair of a head turns than the first
     * @param ropeScaling how angles are changed for longer contexts
     * @param slidingWindow how many tokens a token sees
     * @param attentionDropout the dropout of attention weights
     * @param tiedOutput whether the output layer shares the token embedding's weight
     * @param otherFields fields of a {@code config.json} that have no part in the computation
     * @throws IllegalArgumentException if a size is below 1, {@code numKeyValueHeads} does not
     *     divide {@code numHeads}, {@code headDim} is odd, or a number is out of its range
     */
    public LlamaConfig {
        Objects.requireNonNull(relative, "relative");
        Checks.requirePositive("vocabSize", vocabSize);
        Checks.requirePositive("contextLength", contextLength);
        Checks.requirePositive("embeddingDim", embeddingDim);
        Checks.requirePositive("hiddenDim", hiddenDim);
        Checks.requirePositive("numHeads", numHeads);
        Checks.requirePositive("numKeyValueHeads", numKeyValueHeads);
        Checks.requireDivisible("numKeyValueHeads", numKeyValueHeads, "numHeads", numHeads);
        Checks.requirePositive("headDim", headDim);
        Checks.requirePositive("numLayers", numLayers);
        Checks.requireEpsilon(normEpsilon);
        Checks.requirePositive("slidingWindow", slidingWindow);
        Checks.requireDropout(attentionDropout);
        RotaryEmbedding.requireUsable(headDim, ropeBase);
        Objects.requireNonNull(ropeScaling, "ropeScaling");
        otherFields = Collections.unmodifiableMap(new TreeMap<>(otherFields));
    }

    @Override
    public float embeddingDropout() {
        return 0;
    }

    @Override
    public float residualDropout() {
        return 0;
    }

    @Override
    public LlamaConfig withDropout(float dropout) {
        return toBuilder().optDropout(dropout).build();
    }

    @Override
    public LlamaConfig withVocabSize(int vocabSize) {
        return toBuilder().setVocabSize(vocabSize).build();
    }

    @Override
    public long parameterCount() {
        double width = embeddingDim;
        double queries = (double) numHeads * headDim;
        double keysAndValues = 2.0 * numKeyValueHeads * headDim;
        double bias = relative == Relative.QWEN2 ? queries + keysAndValues : 0;
        double headNorms = relative == Relative.QWEN3 ? 2 * headDim : 0;
        double attention = width * (2 * queries + keysAndValues) + bias + headNorms;
        double feedForward = 3 * width * hiddenDim;
        double embeddings = (tiedOutput ? 1 : 2) * width * vocabSize;
        return (long) (embeddings + numLayers * (2 * width + attention + feedForward) + width);
    }

    @Override
    public GptParts parts(Layers layers) {
        return new Parts(this, layers, new RotaryEmbedding(headDim, ropeBase, ropeScaling));
    }

    private record Parts(LlamaConfig config, Layers layers, RotaryEmbedding rotary)
            implements GptParts {

        @Override
        public Optional<TensorBlock> positions() {
            return Optional.empty();
        }

        @Override
        public GroupedQueryAttention attention() {
            GroupedQueryAttention.Builder builder =
                    GroupedQueryAttention.builder()
                            .setInputDim(config.embeddingDim)
                            .setOutputDim(config.embeddingDim)
                            .setContextLength(config.contextLength)
                            .setNumHeads(config.numHeads)
                            .setNumKeyValueHeads(config.numKeyValueHeads)
                            .optHeadDim(config.headDim)
                            .optRotary(rotary)
                            .optSlidingWindow(config.slidingWindow)
                            .optQkvBias(config.relative == Relative.QWEN2)
                            .optDropout(config.attentionDropout)
                            .optLayers(layers);
            return config.relative == Relative.QWEN3
                    ? builder.optQueryKeyNorm(config.normEpsilon).build()
                    : builder.build();
        }

        @Override
        public GatedFeedForward feedForward() {
            return new GatedFeedForward(config.embeddingDim, config.hiddenDim, layers);
        }

        @Override
        public RmsNorm norm() {
            return new RmsNorm(config.embeddingDim, config.normEpsilon);
        }
    }

    /**
     * Starts building a configuration.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Starts building a variation of this configuration.
     *
     * @return a builder that holds this configuration's values
     */
    public Builder toBuilder() {
        return new Builder()
                .like(this)
                .optRelative(relative)
                .optNumKeyValueHeads(numKeyValueHeads)
                .optHeadDim(headDim)
                .optRopeBase(ropeBase)
                .optRopeScaling(ropeScaling)
                .optSlidingWindow(slidingWindow)
                .optDropout(attentionDropout);
    }

    /** Builds a {@link LlamaConfig}. */
    public static final class Builder extends GptConfigBuilder<Builder> {

        private Relative relative = Relative.LLAMA;
        private Integer numKeyValueHeads;
        private Integer headDim;
        private double ropeBase = RotaryEmbedding.BASE;
        private RotaryEmbedding.Scaling ropeScaling = RotaryEmbedding.Scaling.none();
        private int slidingWindow = Functional.NO_WINDOW;
        private float dropout;

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets which relative it is.
         *
         * @param relative {@link Relative#LLAMA} by default
         * @return this builder
         */
        public Builder optRelative(Relative relative) {
            this.relative = relative;
            return this;
        }

        /**
         * Sets the number of keys and of values for a token.
         *
         * @param numKeyValueHeads a divisor of the number of heads; that number by default
         * @return this builder
         */
        public Builder optNumKeyValueHeads(int numKeyValueHeads) {
            this.numKeyValueHeads = numKeyValueHeads;
            return this;
        }

        /**
         * Sets the width of a head.
         *
         * @param headDim even; embeddingDim / numHeads by default
         * @return this builder
         */
        public Builder optHeadDim(int headDim) {
            this.headDim = headDim;
            return this;
        }

        /**
         * Sets how much slower the last pair of a head turns than the first.
         *
         * @param ropeBase above 1, 10000 by default
         * @return this builder
         */
        public Builder optRopeBase(double ropeBase) {
            this.ropeBase = ropeBase;
            return this;
        }

        /**
         * Sets how angles are changed for contexts longer than those of training.
         *
         * @param ropeScaling {@link RotaryEmbedding.Scaling#none()} by default
         * @return this builder
         */
        public Builder optRopeScaling(RotaryEmbedding.Scaling ropeScaling) {
            this.ropeScaling = ropeScaling;
            return this;
        }

        /**
         * Limits how far a token looks back.
         *
         * @param slidingWindow how many tokens it sees, itself included; all by default
         * @return this builder
         */
        public Builder optSlidingWindow(int slidingWindow) {
            this.slidingWindow = slidingWindow;
            return this;
        }

        /**
         * Sets the dropout rate of attention weights, the only one of the family.
         *
         * @param dropout in [0, 1), 0 by default
         * @return this builder
         */
        public Builder optDropout(float dropout) {
            this.dropout = dropout;
            return this;
        }

        private int headDim() {
            if (headDim != null) {
                return headDim;
            }
            Checks.requirePositive("embeddingDim", embeddingDim);
            Checks.requirePositive("numHeads", numHeads);
            Checks.requireDivisible(numHeads, "embeddingDim", embeddingDim);
            return embeddingDim / numHeads;
        }

        private int hiddenDim() {
            long expanded = (8L * embeddingDim / 3 + 31) / 32 * 32;
            return hiddenDim == null ? (int) Math.min(expanded, Integer.MAX_VALUE) : hiddenDim;
        }

        /**
         * Builds the configuration.
         *
         * @return the configuration
         * @throws IllegalArgumentException as the constructor of {@link LlamaConfig}
         */
        public LlamaConfig build() {
            return new LlamaConfig(
                    relative,
                    vocabSize,
                    contextLength,
                    embeddingDim,
                    hiddenDim(),
                    numHeads,
                    numKeyValueHeads == null ? numHeads : numKeyValueHeads,
                    headDim(),
                    numLayers,
                    normEpsilon,
                    ropeBase,
                    ropeScaling,
                    slidingWindow,
                    dropout,
                    tiedOutput,
                    otherFields);
        }
    }
}
