package org.djlgpt.model;

import org.djlgpt.nn.Inputs;

/**
 * The size and shape of a {@link GptModel}.
 *
 * @param vocabSize the number of token ids
 * @param contextLength the greatest number of tokens in a sequence
 * @param embeddingDim the width E of a token inside the model; a multiple of {@code numHeads}
 * @param numHeads the number of attention heads in a layer
 * @param numLayers the number of transformer blocks
 * @param dropout the probability, in [0, 1), that an element is dropped in training: of the
 *     embeddings, the attention weights and the output of each residual branch
 * @param qkvBias whether the query, key and value layers have a bias
 * @param tiedOutput whether the output layer shares the token embedding's weight
 */
public record GptConfig(
        int vocabSize,
        int contextLength,
        int embeddingDim,
        int numHeads,
        int numLayers,
        float dropout,
        boolean qkvBias,
        boolean tiedOutput) {

    /**
     * Checks the sizes.
     *
     * @param vocabSize the number of token ids
     * @param contextLength the greatest number of tokens in a sequence
     * @param embeddingDim the width E of a token inside the model; a multiple of {@code numHeads}
     * @param numHeads the number of attention heads in a layer
     * @param numLayers the number of transformer blocks
     * @param dropout the probability, in [0, 1), that an element is dropped in training: of the
     *     embeddings, the attention weights and the output of each residual branch
     * @param qkvBias whether the query, key and value layers have a bias
     * @param tiedOutput whether the output layer shares the token embedding's weight
     * @throws IllegalArgumentException if a size is below 1, {@code numHeads} does not divide
     *     {@code embeddingDim}, or {@code dropout} lies outside [0, 1)
     */
    public GptConfig {
        Inputs.requirePositive("vocabSize", vocabSize);
        Inputs.requirePositive("contextLength", contextLength);
        Inputs.requirePositive("embeddingDim", embeddingDim);
        Inputs.requirePositive("numHeads", numHeads);
        Inputs.requirePositive("numLayers", numLayers);
        Inputs.requireDivisible(numHeads, "embeddingDim", embeddingDim);
        Inputs.requireDropout(dropout);
    }

    /**
     * GPT-2 small: 12 layers, 12 heads, 768 dimensions, 124,439,808 parameters.
     *
     * @return the configuration
     */
    public static GptConfig gpt2Small() {
        return gpt2(12, 12, 768);
    }

    /**
     * GPT-2 medium: 24 layers, 16 heads, 1024 dimensions, 354,823,168 parameters.
     *
     * @return the configuration
     */
    public static GptConfig gpt2Medium() {
        return gpt2(24, 16, 1024);
    }

    /**
     * GPT-2 large: 36 layers, 20 heads, 1280 dimensions, 774,030,080 parameters.
     *
     * @return the configuration
     */
    public static GptConfig gpt2Large() {
        return gpt2(36, 20, 1280);
    }

    /**
     * GPT-2 XL: 48 layers, 25 heads, 1600 dimensions, 1,557,611,200 parameters.
     *
     * @return the configuration
     */
    public static GptConfig gpt2Xl() {
        return gpt2(48, 25, 1600);
    }

    private static GptConfig gpt2(int numLayers, int numHeads, int embeddingDim) {
        return new GptConfig(50257, 1024, embeddingDim, numHeads, numLayers, 0.1f, true, true);
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
                .setVocabSize(vocabSize)
                .setContextLength(contextLength)
                .setEmbeddingDim(embeddingDim)
                .setNumHeads(numHeads)
                .setNumLayers(numLayers)
                .optDropout(dropout)
                .optQkvBias(qkvBias)
                .optTiedOutput(tiedOutput);
    }

    /** Builds a {@link GptConfig}. */
    public static final class Builder {

        private int vocabSize;
        private int contextLength;
        private int embeddingDim;
        private int numHeads;
        private int numLayers;
        private float dropout;
        private boolean qkvBias;
        private boolean tiedOutput = true;

        private Builder() {}

        /**
         * Sets the number of token ids.
         *
         * @param vocabSize at least 1
         * @return this builder
         */
        public Builder setVocabSize(int vocabSize) {
            this.vocabSize = vocabSize;
            return this;
        }

        /**
         * Sets the greatest number of tokens in a sequence.
         *
         * @param contextLength at least 1
         * @return this builder
         */
        public Builder setContextLength(int contextLength) {
            this.contextLength = contextLength;
            return this;
        }

        /**
         * Sets the width of a token inside the model.
         *
         * @param embeddingDim a multiple of the number of heads
         * @return this builder
         */
        public Builder setEmbeddingDim(int embeddingDim) {
            this.embeddingDim = embeddingDim;
            return this;
        }

        /**
         * Sets the number of attention heads in a layer.
         *
         * @param numHeads at least 1
         * @return this builder
         */
        public Builder setNumHeads(int numHeads) {
            this.numHeads = numHeads;
            return this;
        }

        /**
         * Sets the number of transformer blocks.
         *
         * @param numLayers at least 1
         * @return this builder
         */
        public Builder setNumLayers(int numLayers) {
            this.numLayers = numLayers;
            return this;
        }

        /**
         * Sets the dropout rate.
         *
         * @param dropout in [0, 1), 0 by default
         * @return this builder
         */
        public Builder optDropout(float dropout) {
            this.dropout = dropout;
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
         * Sets whether the output layer shares the token embedding's weight.
         *
         * @param tiedOutput true by default
         * @return this builder
         */
        public Builder optTiedOutput(boolean tiedOutput) {
            this.tiedOutput = tiedOutput;
            return this;
        }

        /**
         * Builds the configuration.
         *
         * @return the configuration
         * @throws IllegalArgumentException as the constructor of {@link GptConfig}
         */
        public GptConfig build() {
            return new GptConfig(
                    vocabSize,
                    contextLength,
                    embeddingDim,
                    numHeads,
                    numLayers,
                    dropout,
                    qkvBias,
                    tiedOutput);
        }
    }
}
