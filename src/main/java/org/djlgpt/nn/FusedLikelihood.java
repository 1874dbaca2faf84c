package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;

/**
 * What a model of text may offer: how likely it finds texts, computed by itself in less memory than
 * by way of the logits of all tokens.
 */
public interface FusedLikelihood {

    /**
     * Returns how likely the model finds targets, those of each sequence together.
     *
     * @param tokens token ids (B, T)
     * @param targets for each token the id that follows it, (B, T), or {@link CrossEntropy#IGNORED}
     * @param pass where parameter values come from
     * @return the sums of their log-probabilities (B), in nats, float32; what {@link
     *     CrossEntropy#logLikelihoods} gives for the logits
     * @throws IllegalArgumentException if an id is outside the vocabulary or the shapes do not
     *     match
     */
    NDArray logLikelihoods(NDArray tokens, NDArray targets, Pass pass);
}
