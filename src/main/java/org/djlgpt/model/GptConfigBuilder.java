package org.djlgpt.model;

import java.util.Map;

/**
 * What the builders of all configurations ask for.
 *
 * @param <B> the builder's own type
 */
public abstract class GptConfigBuilder<B extends GptConfigBuilder<B>> {

    int vocabSize;
    int contextLength;
    int embeddingDim;
    int numHeads;
    int numLayers;
    Integer hiddenDim;
    double normEpsilon = 1e-5;
    boolean tiedOutput = true;
    Map<String, String> otherFields = Map.of();

    GptConfigBuilder() {}

    abstract B self();

    /** Takes over what every configuration has. */
    B like(GptConfig config) {
        return setVocabSize(config.vocabSize())
                .setContextLength(config.contextLength())
                .setEmbeddingDim(config.embeddingDim())
                .setNumHeads(config.numHeads())
                .setNumLayers(config.numLayers())
                .optHiddenDim(config.hiddenDim())
                .optNormEpsilon(config.normEpsilon())
                .optTiedOutput(config.tiedOutput())
                .optOtherFields(config.otherFields());
    }

    /**
     * Sets the number of token ids.
     *
     * @param vocabSize at least 1
     * @return this builder
     */
    public B setVocabSize(int vocabSize) {
        this.vocabSize = vocabSize;
        return self();
    }

    /**
     * Sets the greatest number of tokens in a sequence.
     *
     * @param contextLength at least 1
     * @return this builder
     */
    public B setContextLength(int contextLength) {
        this.contextLength = contextLength;
        return self();
    }

    /**
     * Sets the width of a token inside the model.
     *
     * @param embeddingDim at least 1
     * @return this builder
     */
    public B setEmbeddingDim(int embeddingDim) {
        this.embeddingDim = embeddingDim;
        return self();
    }

    /**
     * Sets the number of attention heads in a layer.
     *
     * @param numHeads at least 1
     * @return this builder
     */
    public B setNumHeads(int numHeads) {
        this.numHeads = numHeads;
        return self();
    }

    /**
     * Sets the number of transformer blocks.
     *
     * @param numLayers at least 1
     * @return this builder
     */
    public B setNumLayers(int numLayers) {
        this.numLayers = numLayers;
        return self();
    }

    /**
     * Sets the width inside a feed-forward network.
     *
     * @param hiddenDim at least 1; by default the family's usual multiple of the embedding's
     * @return this builder
     */
    public B optHiddenDim(int hiddenDim) {
        this.hiddenDim = hiddenDim;
        return self();
    }

    /**
     * Sets what a norm adds to the variance.
     *
     * @param normEpsilon positive, 1e-5 by default
     * @return this builder
     */
    public B optNormEpsilon(double normEpsilon) {
        this.normEpsilon = normEpsilon;
        return self();
    }

    /**
     * Sets whether the output layer shares the token embedding's weight.
     *
     * @param tiedOutput true by default
     * @return this builder
     */
    public B optTiedOutput(boolean tiedOutput) {
        this.tiedOutput = tiedOutput;
        return self();
    }

    /**
     * Keeps fields of a {@code config.json} for other readers.
     *
     * @param otherFields JSON by name, none by default
     * @return this builder
     */
    public B optOtherFields(Map<String, String> otherFields) {
        this.otherFields = otherFields;
        return self();
    }
}
