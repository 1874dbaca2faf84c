package org.djlgpt.training;

import org.djlgpt.data.Tokens;
import org.djlgpt.nn.Checks;

/**
 * What models that know nothing score, in nats per token: yardsticks for a loss.
 *
 * @param uniform the loss of giving every token the same probability, ln(vocabSize)
 * @param unigram the entropy of the tokens' frequencies: the loss of knowing how often each token
 *     comes, but nothing of the context
 */
public record Baselines(double uniform, double unigram) {

    /**
     * Counts tokens.
     *
     * @param tokens at least one token
     * @param vocabSize the number of ids
     * @return the yardsticks for these tokens
     * @throws IllegalArgumentException if there are no tokens or one is not below {@code vocabSize}
     */
    public static Baselines of(Tokens tokens, int vocabSize) {
        Checks.requirePositive("vocabSize", vocabSize);
        if (tokens.size() == 0) {
            throw new IllegalArgumentException("0 tokens have no frequencies; give a longer text");
        }
        long[] counts = tokens.counts(vocabSize);
        double entropy = 0;
        for (long count : counts) {
            if (count > 0) {
                double probability = (double) count / tokens.size();
                entropy -= probability * Math.log(probability);
            }
        }
        return new Baselines(Math.log(vocabSize), entropy);
    }
}
