package org.djlgpt.model;

import org.djlgpt.attention.MultiHeadAttention;
import org.djlgpt.nn.ActivationFunction;
import org.djlgpt.nn.Checks;
import org.djlgpt.nn.LayerNorm;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.TensorBlock;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * GPT-2: positions are learnt vectors, norms centre, every layer has a bias (Radford et al.,
 * "Language Models are Unsupervised Multitask Learners", 2019, section 2.3).
 *
 * @param vocabSize the number of token ids
 * @param contextLength the greatest number of tokens in a sequence
 * @param embeddingDim the width E of a token inside the model; a multiple of {@code numHeads}
 * @param hiddenDim the width inside a feed-forward network, in GPT-2 {@code 4 * embeddingDim}
 * @param numHeads the number of attention heads in a layer
 * @param numLayers the number of transformer blocks
 * @param activation what stands between the layers of a feed-forward network
 * @param normEpsilon what a norm adds to the variance
 * @param embeddingDropout the probability, in [0, 1), that an element of the embedded tokens is
 *     dropped in training
 * @param attentionDropout the same for attention weights
 * @param residualDropout the same for the output of a residual branch
 * @param qkvBias whether the query, key and value layers have a bias
 * @param bias whether all other layers and the norms of a transformer block have one
 * @param tiedOutput whether the output layer shares the token embedding's weight
 * @param otherFields fields of a {@code config.json} that have no part in the computation, as JSON
 *     by name, kept for other readers
 * @serial exclude
 */
public record Gpt2Config(
        int vocabSize,
        int contextLength,
        int embeddingDim,
        int hiddenDim,
        int numHeads,
        int numLayers,
        ActivationFunction activation,
        double normEpsilon,
        float embeddingDropout,
        float attentionDropout,
        float residualDropout,
        boolean qkvBias,
        boolean bias,
        boolean tiedOutput,
        Map<String, String> otherFields)
        implements GptConfig {

    /**
     * Checks the sizes.
     *
     * @param vocabSize the number of token ids
     * @param contextLength the greatest number of tokens in a sequence
     * @param embeddingDim the width E of a token inside the model; a multiple of {@code numHeads}
     * @param hiddenDim the width inside a feed-forward network, in GPT-2 {@code 4 * embeddingDim}
     * @param numHeads the number of attention heads in a layer
     * @param numLayers the number of transformer blocks
     * @param activation what stands between the layers of a feed-forward network
     * @param normEpsilon what a norm adds to the variance
     * @param embeddingDropout the probability, in [0, 1), that an element of the embedded tokens is
     *     dropped in training
     * @param attentionDropout the same for attention weights
     * @param residualDropout the same for the output of a residual branch
     * @param qkvBias whether the query, key and value layers have a bias
     * @param bias whether all other layers and the norms of a transformer block have one
     * @param tiedOutput whether the output layer shares the token embedding's weight
     * @param otherFields fields of a {@code config.json} that have no part in the computation
     * @throws IllegalArgumentException if a size is below 1, {@code numHeads} does not divide
     *     {@code embeddingDim}, the epsilon is not positive, or a dropout lies outside [0, 1)
     */
    public Gpt2Config {
        Checks.requirePositive("vocabSize", vocabSize);
        Checks.requirePositive("contextLength", contextLength);
        Checks.requirePositive("embeddingDim", embeddingDim);
        Checks.requirePositive("hiddenDim", hiddenDim);
        Checks.requirePositive("numHeads", numHeads);
        Checks.requirePositive("numLayers", numLayers);
        Checks.requireDivisible(numHeads, "embeddingDim", embeddingDim);
        Objects.requireNonNull(activation, "activation");
        Checks.requireEpsilon(normEpsilon);
        Checks.requireDropout(embeddingDropout);
        Checks.requireDropout(attentionDropout);
        Checks.requireDropout(residualDropout);
        otherFields = Collections.unmodifiableMap(new TreeMap<>(otherFields));
    }

    @Override
    public int numKeyValueHeads() {
        return numHeads;
    }

    @Override
    public int headDim() {
        return embeddingDim / numHeads;
    }

    @Override
    public Gpt2Config withDropout(float dropout) {
        return toBuilder().optDropout(dropout).build();
    }

    @Override
    public Gpt2Config withVocabSize(int vocabSize) {
        return toBuilder().setVocabSize(vocabSize).build();
    }

    @Override
    public long parameterCount() {
        double width = embeddingDim;
        double norm = bias ? 2 * width : width;
        double qkv = 3 * (width * width + (qkvBias ? width : 0));
        double output = width * width + (bias ? width : 0);
        double feedForward = 2 * width * hiddenDim + (bias ? hiddenDim + width : 0);
        double embeddings = width * ((double) vocabSize + contextLength);
        double head = tiedOutput ? 0 : width * vocabSize;
        double layer = 2 * norm + qkv + output + feedForward;
        return (long) (embeddings + numLayers * layer + norm + head);
    }

    @Override
    public GptParts parts(Layers layers) {
        return new Parts(this, layers);
    }

    private record Parts(Gpt2Config config, Layers layers) implements GptParts {

        @Override
        public Optional<TensorBlock> positions() {
            return Optional.of(
                    new PositionEmbedding(config.contextLength, config.embeddingDim, layers));
        }

        @Override
        public MultiHeadAttention attention() {
            return MultiHeadAttention.builder()
                    .setInputDim(config.embeddingDim)
                    .setOutputDim(config.embeddingDim)
                    .setContextLength(config.contextLength)
                    .setNumHeads(config.numHeads)
                    .optDropout(config.attentionDropout)
                    .optQkvBias(config.qkvBias)
                    .optOutputBias(config.bias)
                    .optLayers(layers)
                    .build();
        }

        @Override
        public FeedForward feedForward() {
            return FeedForward.builder()
                    .setEmbeddingDim(config.embeddingDim)
                    .optHiddenDim(config.hiddenDim)
                    .optActivation(config.activation)
                    .optBias(config.bias)
                    .optLayers(layers)
                    .build();
        }

        @Override
        public LayerNorm norm() {
            return new LayerNorm(config.embeddingDim, config.normEpsilon, config.bias);
        }
    }

    /**
     * GPT-2 small: 12 layers, 12 heads, 768 dimensions, 124,439,808 parameters.
     *
     * @return the configuration
     */
    public static Gpt2Config small() {
        return gpt2(12, 12, 768);
    }

    /**
     * GPT-2 medium: 24 layers, 16 heads, 1024 dimensions, 354,823,168 parameters.
     *
     * @return the configuration
     */
    public static Gpt2Config medium() {
        return gpt2(24, 16, 1024);
    }

    /**
     * GPT-2 large: 36 layers, 20 heads, 1280 dimensions, 774,030,080 parameters.
     *
     * @return the configuration
     */
    public static Gpt2Config large() {
        return gpt2(36, 20, 1280);
    }

    /**
     * GPT-2 XL: 48 layers, 25 heads, 1600 dimensions, 1,557,611,200 parameters.
     *
     * @return the configuration
     */
    public static Gpt2Config xl() {
        return gpt2(48, 25, 1600);
    }

    private static Gpt2Config gpt2(int numLayers, int numHeads, int embeddingDim) {
        return builder()
                .setVocabSize(50257)
                .setContextLength(1024)
                .setEmbeddingDim(embeddingDim)
                .setNumHeads(numHeads)
                .setNumLayers(numLayers)
                .optDropout(0.1f)
                .optQkvBias(true)
                .build();
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
                .optActivation(activation)
                .optEmbeddingDropout(embeddingDropout)
                .optAttentionDropout(attentionDropout)
                .optResidualDropout(residualDropout)
                .optQkvBias(qkvBias)
                .optBias(bias);
    }

    /** Builds a {@link Gpt2Config}. */
    public static final class Builder extends GptConfigBuilder<Builder> {

        private static final long EXPANSION = 4;

        private ActivationFunction activation = ActivationFunction.GELU_TANH;
        private float embeddingDropout;
        private float attentionDropout;
        private float residualDropout;
        private boolean qkvBias;
        private boolean bias = true;

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets what stands between the layers of a feed-forward network.
         *
         * @param activation {@link ActivationFunction#GELU_TANH} by default
         * @return this builder
         */
        public Builder optActivation(ActivationFunction activation) {
            this.activation = activation;
            return this;
        }

        /**
         * Sets all dropout rates: of the embedded tokens, the attention weights and the output of
         * each residual branch.
         *
         * @param dropout in [0, 1), 0 by default
         * @return this builder
         */
        public Builder optDropout(float dropout) {
            return optEmbeddingDropout(dropout)
                    .optAttentionDropout(dropout)
                    .optResidualDropout(dropout);
        }

        /**
         * Sets the dropout rate of the embedded tokens.
         *
         * @param dropout in [0, 1), 0 by default
         * @return this builder
         */
        public Builder optEmbeddingDropout(float dropout) {
            embeddingDropout = dropout;
            return this;
        }

        /**
         * Sets the dropout rate of attention weights.
         *
         * @param dropout in [0, 1), 0 by default
         * @return this builder
         */
        public Builder optAttentionDropout(float dropout) {
            attentionDropout = dropout;
            return this;
        }

        /**
         * Sets the dropout rate of the output of each residual branch.
         *
         * @param dropout in [0, 1), 0 by default
         * @return this builder
         */
        public Builder optResidualDropout(float dropout) {
            residualDropout = dropout;
            return this;
        }

        /**
         * Sets whether the query, key and value layers have a bias.
         *
         * @param qkvBias false by default
         * @return this builder
         */
        public Builder optQkvBias(boolean qkvBias) {
            this.qkvBias = qkvBias;
            return this;
        }

        /**
         * Sets whether all other layers and the norms have a bias.
         *
         * @param bias true by default
         * @return this builder
         */
        public Builder optBias(boolean bias) {
            this.bias = bias;
            return this;
        }

        private int expanded() {
            return (int) Math.min(EXPANSION * embeddingDim, Integer.MAX_VALUE);
        }

        /**
         * Builds the configuration.
         *
         * @return the configuration
         * @throws IllegalArgumentException as the constructor of {@link Gpt2Config}
         */
        public Gpt2Config build() {
            return new Gpt2Config(
                    vocabSize,
                    contextLength,
                    embeddingDim,
                    hiddenDim == null ? expanded() : hiddenDim,
                    numHeads,
                    numLayers,
                    activation,
                    normEpsilon,
                    embeddingDropout,
                    attentionDropout,
                    residualDropout,
                    qkvBias,
                    bias,
                    tiedOutput,
                    otherFields);
        }
    }
}
