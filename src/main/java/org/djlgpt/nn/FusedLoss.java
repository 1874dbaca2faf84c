package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;

/**
 * What a model of text may offer: a loss that it computes by itself, in less memory than by way of
 * the logits of all tokens, which outweigh everything else where the vocabulary is large.
 */
public interface FusedLoss {

    /**
     * Returns how badly the model predicts targets.
     *
     * @param tokens token ids (B, T)
     * @param targets for each token the id that follows it, (B, T), or {@link CrossEntropy#IGNORED}
     * @param pass where parameter values come from
     * @return the mean cross-entropy in nats per token, a float32 scalar; what {@link CrossEntropy}
     *     gives for the logits
     * @throws IllegalArgumentException if an id is outside the vocabulary or the shapes do not
     *     match
     */
    NDArray loss(NDArray tokens, NDArray targets, Pass pass);
}
