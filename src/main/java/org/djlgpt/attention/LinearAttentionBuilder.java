package org.djlgpt.attention;

import org.djlgpt.nn.Layers;

import java.util.Objects;

/**
 * What the builders of the rungs made from linear layers offer in addition.
 *
 * @param <B> the builder's own type
 */
public abstract class LinearAttentionBuilder<B extends LinearAttentionBuilder<B>>
        extends AttentionBuilder<B> {

    boolean qkvBias;
    Layers layers = Layers.pytorch();

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
     * Sets how the linear layers are made.
     *
     * @param layers {@link Layers#pytorch()} by default
     * @return this builder
     */
    public B optLayers(Layers layers) {
        this.layers = Objects.requireNonNull(layers, "layers");
        return self();
    }
}
