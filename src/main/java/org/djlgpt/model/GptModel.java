package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.util.Pair;

import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.Functional;
import org.djlgpt.nn.FusedLikelihood;
import org.djlgpt.nn.FusedLoss;
import org.djlgpt.nn.IllegalParameterException;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;
import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.Recording;

/**
 * The GPT: token ids (B, T) of type INT32 or INT64 to logits (B, T, vocabSize), where logits [b, t]
 * score the token that follows after token t. T is at most the context length.
 *
 * <p>Parameters are drawn in the order token embedding, position embedding, blocks, final norm,
 * output layer; an output layer that is tied to the token embedding draws none.
 */
public final class GptModel extends GptTrunk implements FusedLoss, FusedLikelihood {

    private final Linear output;

    /**
     * Makes a model that is drawn as GPT-2's authors drew theirs, so that it starts near a uniform
     * guess.
     *
     * @param config the sizes
     */
    public GptModel(GptConfig config) {
        this(config, Layers.gpt2(config.numLayers()));
    }

    /**
     * Makes a model.
     *
     * @param config the sizes
     * @param layers how linear layers and embeddings are made; {@link Layers#pytorch()} for figures
     *     that follow from a seed as in PyTorch
     */
    public GptModel(GptConfig config, Layers layers) {
        super(config, layers);
        output = config.tiedOutput() ? null : addChildBlock("output", head(config, layers));
    }

    private static Linear head(GptConfig config, Layers layers) {
        return layers.linear(Role.HEAD, config.embeddingDim(), config.vocabSize(), false);
    }

    /**
     * Returns the weight of the output layer.
     *
     * @return the parameter (V, E), the token embedding's if the output is tied to it
     */
    public Parameter outputWeight() {
        return output == null ? tokenEmbedding().weight() : output.weight();
    }

    /**
     * Makes a model that knows further token ids, for tokens that were added to its vocabulary. A
     * new token starts as the mean of all others: its logit is the mean of theirs, so that it takes
     * little from their probabilities (<a
     * href="https://nlp.stanford.edu/~johnhew/vocab-expansion.html">Hewitt, "Initializing New Word
     * Embeddings for Pretrained Language Models"</a>, 2021).
     *
     * @param vocabSize the number of ids, at least that of this model
     * @param manager owns the new embedding and output weight
     * @return a model with the logits that this one has for the ids that it knows; this one if the
     *     number is the same. Both share the arrays of all other parameters, so train only one
     * @throws IllegalArgumentException if the number is smaller, or this model is not initialized,
     *     has an adapter or is kept in bfloat16
     */
    public GptModel withVocabSize(int vocabSize, NDManager manager) {
        requireGrowable(vocabSize);
        if (vocabSize == config().vocabSize()) {
            return this;
        }
        GptModel grown = new GptModel(config().withVocabSize(vocabSize), Layers.pytorch());
        ParameterList parameters = getParameters();
        for (Pair<String, Parameter> named : grown.getParameters()) {
            Parameter parameter = named.getValue();
            Parameter mine = parameters.get(named.getKey());
            boolean isOfTokens =
                    parameter == grown.tokenEmbedding().weight()
                            || parameter == grown.outputWeight();
            NDArray value =
                    isOfTokens
                            ? withMeanRows(mine.getArray(), vocabSize, manager)
                            : mine.getArray();
            parameter.setInitializer((owner, shape, type) -> value);
            parameter.freeze(!mine.requiresGradient());
        }
        DataType type = tokenEmbedding().weight().getArray().getDataType();
        grown.initialize(manager, type, new Shape(1, config().contextLength()));
        return grown;
    }

    private void requireGrowable(int vocabSize) {
        if (vocabSize < config().vocabSize()) {
            throw new IllegalParameterException(
                    "{vocabSize}=%d must be at least %d, which the model has",
                    vocabSize, config().vocabSize());
        }
        if (Lora.config(this).isPresent()) {
            throw new IllegalArgumentException(
                    "the model has an adapter; merge it, or add tokens to its base first");
        }
        if (!isInitialized() || BFloat16.is(tokenEmbedding().weight().getArray())) {
            throw new IllegalArgumentException(
                    "the model is not initialized or kept in bfloat16; load it in float32");
        }
    }

    private static NDArray withMeanRows(NDArray table, long rows, NDManager manager) {
        try (Recording off = Recording.off();
                NDScope scope = new NDScope()) {
            Shape more = new Shape(rows - table.size(0), table.size(1));
            NDArray mean = table.mean(new int[] {0}, true); // (1, E)
            NDArray all = table.concat(mean.broadcast(more), 0); // (rows, E)
            all.attach(manager);
            NDScope.unregister(all);
            return all;
        }
    }

    @Override
    GptModel outline(Layers layers) {
        return new GptModel(config(), layers);
    }

    @Override
    protected NDArray forward(NDArray tokens, Pass pass) {
        NDArray x = hidden(tokens, pass); // (B, T, E)
        return Functional.linear(x, pass.value(outputWeight(), x), null); // (B, T, vocabSize)
    }

    @Override
    public NDArray loss(NDArray tokens, NDArray targets, Pass pass) {
        return predicted(tokens, targets, pass, CrossEntropy::ofProjection);
    }

    @Override
    public NDArray logLikelihoods(NDArray tokens, NDArray targets, Pass pass) {
        return predicted(tokens, targets, pass, CrossEntropy::logLikelihoodsOfProjection);
    }

    /** Says how well targets are predicted, from hidden states, the output weight and them. */
    @FunctionalInterface
    private interface Measure {

        NDArray of(NDArray hidden, NDArray weight, NDArray targets);
    }

    private NDArray predicted(NDArray tokens, NDArray targets, Pass pass, Measure measure) {
        requireType(tokens.getDataType());
        requireShape(tokens.getShape());
        return scoped(
                () -> {
                    NDArray x = hidden(tokens, pass); // (B, T, E)
                    return measure.of(x, pass.value(outputWeight(), x), targets);
                },
                tokens);
    }

    @Override
    protected Shape outputShape(Shape tokens) {
        return tokens.add(config().vocabSize());
    }
}
