package org.djlgpt.nn;

import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.NormalInitializer;

/**
 * How a model's linear layers and embeddings are made: the one place that decides. It is handed
 * down to every block that has such layers, so that another kind of layer, or another draw of the
 * first values, touches no block.
 *
 * <p>With the engine's seed set, the values follow from the seed and the order in which the layers
 * are initialized, on every device ({@link SeededInitializer}).
 */
public interface Layers {

    /**
     * Makes a linear layer.
     *
     * @param role what the layer does in its block
     * @param inputDim the width of the input, at least 1
     * @param outputDim the width of the output, at least 1
     * @param bias whether a bias is added
     * @return the layer, not yet initialized
     * @throws IllegalArgumentException if a width is below 1
     */
    Linear linear(Role role, int inputDim, int outputDim, boolean bias);

    /**
     * Makes an embedding.
     *
     * @param numEmbeddings the number of ids, at least 1
     * @param embeddingDim the width of a vector, at least 1
     * @return the table, not yet initialized
     * @throws IllegalArgumentException if a size is below 1
     */
    Embedding embedding(int numEmbeddings, int embeddingDim);

    /** What a linear layer does in a transformer. */
    enum Role {
        /** Makes the queries of attention. */
        QUERY,
        /** Makes its keys. */
        KEY,
        /** Makes its values. */
        VALUE,
        /** Mixes what its heads have found; the end of a residual branch. */
        ATTENTION_OUTPUT,
        /** Makes the gate of a gated feed-forward network. */
        GATE,
        /** Makes the hidden values of a feed-forward network. */
        UP,
        /** Leads back from them; the end of a residual branch. */
        DOWN,
        /** Makes logits. */
        HEAD;

        boolean endsResidualBranch() {
            return this == ATTENTION_OUTPUT || this == DOWN;
        }
    }

    /**
     * PyTorch's layers: a linear layer draws weight and bias uniformly from ±1/sqrt(inputDim), an
     * embedding draws from N(0, 1). Where the output layer shares the embedding's weight, such a
     * model starts far from a uniform guess: its logits have a variance of embeddingDim.
     *
     * @return layers that draw as <a
     *     href="https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html">torch.nn.Linear</a>
     *     and <a
     *     href="https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html">torch.nn.Embedding</a>
     */
    static Layers pytorch() {
        return new PyTorchLayers();
    }

    /**
     * GPT-2's layers: weights and embeddings from N(0, 0.02), no bias at first, and layers that end
     * a residual branch scaled by 1/sqrt(2 * numLayers), since every transformer block adds two
     * branches (Radford et al., "Language Models are Unsupervised Multitask Learners", 2019,
     * section 2.3). A model starts near a uniform guess.
     *
     * @param numLayers the number of transformer blocks
     * @return the layers
     * @throws IllegalArgumentException if {@code numLayers} is below 1
     */
    static Layers gpt2(int numLayers) {
        return new Gpt2Layers(Checks.requirePositive("numLayers", numLayers));
    }

    /**
     * Layers of which some have a low-rank adapter, {@link LoraLinear}. All others are frozen: they
     * require no gradient. Norms are not made here; {@code org.djlgpt.model.Lora} puts an adapter
     * on a whole model.
     *
     * @param base makes the layers
     * @param config the adapter, and which layers have it
     * @return the layers
     */
    static Layers lora(Layers base, LoraConfig config) {
        return new LoraLayers(base, config);
    }
}

record PyTorchLayers() implements Layers {

    @Override
    public Linear linear(Role role, int inputDim, int outputDim, boolean bias) {
        return Linear.builder().setInputDim(inputDim).setOutputDim(outputDim).optBias(bias).build();
    }

    @Override
    public Embedding embedding(int numEmbeddings, int embeddingDim) {
        return new Embedding(numEmbeddings, embeddingDim);
    }
}

record Gpt2Layers(int numLayers) implements Layers {

    private static final double SIGMA = 0.02;

    @Override
    public Linear linear(Role role, int inputDim, int outputDim, boolean bias) {
        double sigma = role.endsResidualBranch() ? SIGMA / Math.sqrt(2.0 * numLayers) : SIGMA;
        return Linear.builder()
                .setInputDim(inputDim)
                .setOutputDim(outputDim)
                .optBias(bias)
                .optInitializers(new NormalInitializer((float) sigma), Initializer.ZEROS)
                .build();
    }

    @Override
    public Embedding embedding(int numEmbeddings, int embeddingDim) {
        return new Embedding(numEmbeddings, embeddingDim, new NormalInitializer((float) SIGMA));
    }
}

record LoraLayers(Layers base, LoraConfig config) implements Layers {

    @Override
    public Linear linear(Role role, int inputDim, int outputDim, boolean bias) {
        Linear layer = base.linear(role, inputDim, outputDim, bias);
        layer.freezeParameters(true);
        return config.targets().contains(role) ? new LoraLinear(layer, config) : layer;
    }

    @Override
    public Embedding embedding(int numEmbeddings, int embeddingDim) {
        Embedding table = base.embedding(numEmbeddings, embeddingDim);
        table.freezeParameters(true);
        return table;
    }
}
