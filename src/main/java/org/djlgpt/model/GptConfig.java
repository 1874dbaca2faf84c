package org.djlgpt.model;

import org.djlgpt.nn.Layers;

import java.io.Serializable;
import java.util.Map;

/**
 * The size and shape of a {@link GptModel}, one record for each family. {@link #parts} shows at a
 * glance what a model of the family is made of.
 */
public sealed interface GptConfig extends Serializable permits Gpt2Config, LlamaConfig {

    /**
     * Returns the number of token ids V.
     *
     * @return at least 1
     */
    int vocabSize();

    /**
     * Returns the greatest number of tokens in a sequence.
     *
     * @return at least 1
     */
    int contextLength();

    /**
     * Returns the width E of a token inside the model.
     *
     * @return at least 1
     */
    int embeddingDim();

    /**
     * Returns the number of transformer blocks.
     *
     * @return at least 1
     */
    int numLayers();

    /**
     * Returns the number of attention heads in a layer.
     *
     * @return at least 1
     */
    int numHeads();

    /**
     * Returns the number of keys and of values that a layer makes for a token.
     *
     * @return a divisor of the number of heads
     */
    int numKeyValueHeads();

    /**
     * Returns the width of an attention head.
     *
     * @return at least 1
     */
    int headDim();

    /**
     * Returns the width inside a feed-forward network.
     *
     * @return at least 1
     */
    int hiddenDim();

    /**
     * Returns what a norm adds to the variance or mean square.
     *
     * @return a positive number
     */
    double normEpsilon();

    /**
     * Returns whether the output layer shares the token embedding's weight.
     *
     * @return whether it has none of its own
     */
    boolean tiedOutput();

    /**
     * Returns the probability that an element of the embedded tokens is dropped in training.
     *
     * @return a number in [0, 1)
     */
    float embeddingDropout();

    /**
     * Returns the probability that an attention weight is dropped in training.
     *
     * @return a number in [0, 1)
     */
    float attentionDropout();

    /**
     * Returns the probability that an element of a residual branch's output is dropped in training.
     *
     * @return a number in [0, 1)
     */
    float residualDropout();

    /**
     * Returns fields of a {@code config.json} that have no part in the computation.
     *
     * @return JSON by name, kept for other readers
     */
    Map<String, String> otherFields();

    /**
     * Returns a configuration that differs in its dropout only.
     *
     * @param dropout the probability, in [0, 1), wherever the family drops something
     * @return the configuration
     * @throws IllegalArgumentException if it lies outside
     */
    GptConfig withDropout(float dropout);

    /**
     * Returns a configuration that differs in the number of its token ids only.
     *
     * @param vocabSize at least 1
     * @return the configuration
     * @throws IllegalArgumentException if it is below 1
     */
    GptConfig withVocabSize(int vocabSize);

    /**
     * Returns what a model is made of.
     *
     * @param layers how linear layers and embeddings are made
     * @return the parts
     */
    GptParts parts(Layers layers);

    /**
     * Counts the trainable numbers of a model, a tied weight once.
     *
     * @return the number of parameters; {@link Long#MAX_VALUE} if there are more
     */
    long parameterCount();

    /**
     * Returns the memory that a training can't do without: weights, gradients, AdamW's two moments,
     * and half of what a layer usually saves for the backward pass.
     *
     * @param batchSize the number of whole windows in a forward pass
     * @param trained how many numbers have gradients and moments: all {@link #parameterCount}, or
     *     those of an adapter
     * @return bytes in float32
     */
    default double trainingBytes(long batchSize, long trained) {
        double saved = 8.0 * numLayers() * batchSize * windowNumbers();
        return Float.BYTES * (parameterCount() + 3.0 * trained + saved);
    }

    /**
     * Returns the memory that a forward pass without gradients can't do without.
     *
     * @param batchSize the number of whole windows in it
     * @return bytes in float32
     */
    default double inferenceBytes(long batchSize) {
        return Float.BYTES * (parameterCount() + 8.0 * batchSize * windowNumbers());
    }

    private double windowNumbers() {
        return (double) contextLength() * embeddingDim();
    }
}
