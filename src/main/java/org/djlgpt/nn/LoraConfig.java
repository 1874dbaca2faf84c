package org.djlgpt.nn;

import org.djlgpt.nn.Layers.Role;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a low-rank adapter is like: each adapted layer computes W x + scale B A x, where only A
 * (rank, in) and B (out, rank) learn (Hu et al., "LoRA: Low-Rank Adaptation of Large Language
 * Models", 2021, section 4.1).
 *
 * @param rank the rows of A, at least 1 and at most the smaller width of a layer
 * @param alpha what the scale is proportional to, positive
 * @param dropout the probability, in [0, 1), that an element of the input of A is dropped in
 *     training
 * @param targets which layers are adapted, at least one; not the output layer
 * @param rankStabilised whether the scale is alpha / sqrt(rank) instead of alpha / rank, so that it
 *     does not fade as the rank grows (Kalajdzievski, "A Rank Stabilization Scaling Factor for
 *     Fine-Tuning with LoRA", 2023)
 */
public record LoraConfig(
        int rank, double alpha, float dropout, Set<Role> targets, boolean rankStabilised) {

    /**
     * Checks the values.
     *
     * @param rank the rows of A
     * @param alpha what the scale is proportional to
     * @param dropout the dropout of the input of A
     * @param targets which layers are adapted
     * @param rankStabilised whether the scale is alpha / sqrt(rank)
     * @throws IllegalArgumentException if one is out of its range
     */
    public LoraConfig {
        Checks.requirePositive("loraRank", rank);
        if (!(alpha > 0 && alpha < Double.POSITIVE_INFINITY)) {
            throw new IllegalParameterException(
                    "{loraAlpha}=%s must be positive; use %d, twice the rank", alpha, 2L * rank);
        }
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalParameterException(
                    "{loraDropout}=%s must be in [0, 1); use 0 for none", dropout);
        }
        if (targets.isEmpty() || targets.contains(Role.HEAD)) {
            throw new IllegalArgumentException(
                    "loraTargets=%s must be layers inside the blocks, at least one of %s"
                            .formatted(targets, EnumSet.complementOf(EnumSet.of(Role.HEAD))));
        }
        targets = Collections.unmodifiableSet(EnumSet.copyOf(targets));
    }

    /**
     * Starts building a configuration.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns what B A x is multiplied with.
     *
     * @return alpha / rank, or alpha / sqrt(rank) if it is rank-stabilised
     */
    public double scale() {
        return alpha / (rankStabilised ? Math.sqrt(rank) : rank);
    }

    /** Refuses a layer whose weight has a lower rank by itself. */
    void requireRankWithin(int inputDim, int outputDim) {
        int most = Math.min(inputDim, outputDim);
        if (rank > most) {
            throw new IllegalParameterException(
                    "{loraRank}=%d must be at most %d, the smaller width of a layer from %d to %d;"
                            + " use %d",
                    rank, most, inputDim, outputDim, Math.min(most, 16));
        }
    }

    /** Builds a {@link LoraConfig}. */
    public static final class Builder {

        private int rank;
        private Double alpha;
        private float dropout;
        private Set<Role> targets = EnumSet.of(Role.QUERY, Role.VALUE);
        private boolean rankStabilised;

        private Builder() {}

        /**
         * Sets the rank.
         *
         * @param rank at least 1
         * @return this builder
         */
        public Builder setRank(int rank) {
            this.rank = rank;
            return this;
        }

        /**
         * Sets what the scale is proportional to.
         *
         * @param alpha positive, twice the rank by default
         * @return this builder
         */
        public Builder optAlpha(double alpha) {
            this.alpha = alpha;
            return this;
        }

        /**
         * Sets the dropout of the input of A.
         *
         * @param dropout in [0, 1), 0 by default
         * @return this builder
         */
        public Builder optDropout(float dropout) {
            this.dropout = dropout;
            return this;
        }

        /**
         * Sets which layers are adapted.
         *
         * @param targets some of them; those of queries and values by default, as in section 7.1 of
         *     the paper
         * @return this builder
         */
        public Builder optTargets(Set<Role> targets) {
            this.targets = targets;
            return this;
        }

        /**
         * Sets whether the scale is rank-stabilised.
         *
         * @param rankStabilised false by default
         * @return this builder
         */
        public Builder optRankStabilised(boolean rankStabilised) {
            this.rankStabilised = rankStabilised;
            return this;
        }

        /**
         * Builds the configuration.
         *
         * @return the configuration
         * @throws IllegalArgumentException if the rank is missing or a value is out of its range
         */
        public LoraConfig build() {
            return new LoraConfig(
                    rank, alpha == null ? 2.0 * rank : alpha, dropout, targets, rankStabilised);
        }
    }
}
