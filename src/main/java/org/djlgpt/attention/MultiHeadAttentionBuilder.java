package org.djlgpt.attention;

import org.djlgpt.nn.Checks;

/**
 * What the builders of the rungs with several heads ask for in addition.
 *
 * @param <B> the builder's own type
 */
public abstract class MultiHeadAttentionBuilder<B extends MultiHeadAttentionBuilder<B>>
        extends CausalAttentionBuilder<B> {

    int numHeads;

    MultiHeadAttentionBuilder() {}

    /**
     * Sets the number of heads.
     *
     * @param numHeads at least 1
     * @return this builder
     */
    public B setNumHeads(int numHeads) {
        this.numHeads = numHeads;
        return self();
    }

    @Override
    void requireDims() {
        super.requireDims();
        Checks.requirePositive("numHeads", numHeads);
    }
}
