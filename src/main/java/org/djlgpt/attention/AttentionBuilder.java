package org.djlgpt.attention;

import org.djlgpt.nn.Checks;

/**
 * What the builders of all rungs with trainable weights ask for.
 *
 * @param <B> the builder's own type
 */
public abstract class AttentionBuilder<B extends AttentionBuilder<B>> {

    int inputDim;
    int outputDim;

    AttentionBuilder() {}

    abstract B self();

    /**
     * Sets the width of the input tokens.
     *
     * @param inputDim at least 1
     * @return this builder
     */
    public B setInputDim(int inputDim) {
        this.inputDim = inputDim;
        return self();
    }

    /**
     * Sets the width of the context vectors.
     *
     * @param outputDim at least 1
     * @return this builder
     */
    public B setOutputDim(int outputDim) {
        this.outputDim = outputDim;
        return self();
    }

    void requireDims() {
        Checks.requirePositive("inputDim", inputDim);
        Checks.requirePositive("outputDim", outputDim);
    }
}
