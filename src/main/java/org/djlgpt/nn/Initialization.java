package org.djlgpt.nn;

import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.training.initializer.UniformInitializer;

/**
 * How layers draw their first values. With the engine's seed set, the values follow from the seed
 * and the order in which the layers are initialized.
 */
public interface Initialization {

    /**
     * Returns what draws a linear layer's weight.
     *
     * @param fanIn the number of inputs of the layer
     * @return the initializer
     */
    Initializer weight(int fanIn);

    /**
     * Returns what draws a linear layer's bias.
     *
     * @param fanIn the number of inputs of the layer
     * @return the initializer
     */
    Initializer bias(int fanIn);

    /**
     * Returns what draws an embedding.
     *
     * @return the initializer
     */
    Initializer embedding();

    /**
     * Returns how the projection that ends a residual branch is initialized.
     *
     * @return this initialization, unless it treats such projections apart
     */
    default Initialization residual() {
        return this;
    }

    /**
     * PyTorch's defaults: a linear layer draws weight and bias uniformly from ±1/sqrt(fanIn), an
     * embedding draws from N(0, 1).
     *
     * @return the initialization of <a
     *     href="https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html">torch.nn.Linear</a>
     *     and <a
     *     href="https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html">torch.nn.Embedding</a>
     */
    static Initialization pytorch() {
        return new PyTorchInitialization();
    }

    /**
     * GPT-2's: weights and embeddings from N(0, 0.02), no bias, and projections that end a residual
     * branch scaled by 1/sqrt(2 * numLayers), since every layer adds two branches (Radford et al.,
     * "Language Models are Unsupervised Multitask Learners", 2019, section 2.3).
     *
     * @param numLayers the number of transformer blocks
     * @return the initialization
     * @throws IllegalArgumentException if {@code numLayers} is below 1
     */
    static Initialization gpt2(int numLayers) {
        Inputs.requirePositive("numLayers", numLayers);
        return new Gpt2Initialization(0.02f, (float) (0.02 / Math.sqrt(2.0 * numLayers)));
    }
}

record PyTorchInitialization() implements Initialization {

    @Override
    public Initializer weight(int fanIn) {
        return new UniformInitializer((float) (1 / Math.sqrt(fanIn)));
    }

    @Override
    public Initializer bias(int fanIn) {
        return weight(fanIn);
    }

    @Override
    public Initializer embedding() {
        return new NormalInitializer(1f);
    }
}

record Gpt2Initialization(float sigma, float residualSigma) implements Initialization {

    @Override
    public Initializer weight(int fanIn) {
        return new NormalInitializer(sigma);
    }

    @Override
    public Initializer bias(int fanIn) {
        return Initializer.ZEROS;
    }

    @Override
    public Initializer embedding() {
        return new NormalInitializer(sigma);
    }

    @Override
    public Initialization residual() {
        return new Gpt2Initialization(residualSigma, residualSigma);
    }
}
