package org.djlgpt.attention;

import org.djlgpt.nn.Checks;

/**
 * What the builders of the causal rungs ask for in addition.
 *
 * @param <B> the builder's own type
 */
public abstract class CausalAttentionBuilder<B extends CausalAttentionBuilder<B>>
        extends LinearAttentionBuilder<B> {

    int contextLength;
    float dropout;

    CausalAttentionBuilder() {}

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
     * Sets the probability that an attention weight is dropped in training.
     *
     * @param dropout in [0, 1), 0 by default
     * @return this builder
     */
    public B optDropout(float dropout) {
        this.dropout = dropout;
        return self();
    }

    @Override
    void requireDims() {
        super.requireDims();
        Checks.requirePositive("contextLength", contextLength);
        Checks.requireDropout(dropout);
    }
}
