package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.Functional;
import org.djlgpt.nn.FusedLoss;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;

/**
 * The GPT: token ids (B, T) of type INT32 or INT64 to logits (B, T, vocabSize), where logits [b, t]
 * score the token that follows after token t. T is at most the context length.
 *
 * <p>Parameters are drawn in the order token embedding, position embedding, blocks, final norm,
 * output layer; an output layer that is tied to the token embedding draws none.
 */
public final class GptModel extends GptTrunk implements FusedLoss {

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
        requireType(tokens.getDataType());
        requireShape(tokens.getShape());
        return scoped(() -> crossEntropy(tokens, targets, pass), tokens);
    }

    private NDArray crossEntropy(NDArray tokens, NDArray targets, Pass pass) {
        NDArray x = hidden(tokens, pass); // (B, T, E)
        return CrossEntropy.ofProjection(x, pass.value(outputWeight(), x), targets);
    }

    @Override
    protected Shape outputShape(Shape tokens) {
        return tokens.add(config().vocabSize());
    }
}
