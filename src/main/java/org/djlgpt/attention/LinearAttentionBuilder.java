package org.djlgpt.attention;

import org.djlgpt.nn.Initialization;
import org.djlgpt.nn.Linear;

import java.util.Objects;

/**
 * What the builders of the rungs made from linear layers offer in addition.
 *
 * @param <B> the builder's own type
 */
public abstract class LinearAttentionBuilder<B extends LinearAttentionBuilder<B>>
        extends AttentionBuilder<B> {

    boolean qkvBias;
    Initialization initialization = Initialization.pytorch();

    LinearAttentionBuilder() {}

    /**
     * Sets whether the query, key and value layers have a bias.
     *
     * @param qkvBias false by default
     * @return this builder
     */
    public B optQkvBias(boolean qkvBias) {
        this.qkvBias = qkvBias;
        return self();
    }

    /**
     * Sets how the parameters are drawn.
     *
     * @param initialization {@link Initialization#pytorch()} by default
     * @return this builder
     */
    public B optInitialization(Initialization initialization) {
        this.initialization = Objects.requireNonNull(initialization, "initialization");
        return self();
    }

    Linear projection() {
        return Linear.builder()
                .setInputDim(inputDim)
                .setOutputDim(outputDim)
                .optBias(qkvBias)
                .optInitialization(initialization)
                .build();
    }
}
