package org.djlgpt.tuning;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;

/**
 * Something to learn from: the token ids of a text, and which of them count in the loss. A model
 * reads all but the last and is to predict all but the first; only predictions of tokens that count
 * are learned, so that it learns to answer and not to ask.
 */
public final class Example {

    private final int[] ids;
    private final BitSet learned;

    private Example(int[] ids, BitSet learned) {
        this.ids = ids;
        this.learned = learned;
    }

    /**
     * Starts an example.
     *
     * @return a builder without tokens
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns how many tokens it has.
     *
     * @return at least 2
     */
    public int length() {
        return ids.length;
    }

    /**
     * Returns its tokens.
     *
     * @return the ids, a copy
     */
    public int[] ids() {
        return ids.clone();
    }

    /**
     * Tells whether a token counts in the loss.
     *
     * @param token its place, from 0; the first one never counts
     * @return whether it is part of an answer
     */
    public boolean isLearned(int token) {
        return learned.get(token);
    }

    /**
     * Returns how many tokens count in the loss.
     *
     * @return at least 1
     */
    public int learnedTokens() {
        return learned.cardinality();
    }

    /**
     * Cuts it from the right.
     *
     * @param tokens how many to keep at most
     * @return what is left, or nothing if none of that counts
     */
    Optional<Example> cut(int tokens) {
        if (tokens >= ids.length) {
            return Optional.of(this);
        }
        int end = learned.previousSetBit(tokens - 1) + 1;
        return end < 2
                ? Optional.empty()
                : Optional.of(new Example(Arrays.copyOf(ids, end), learned.get(0, end)));
    }

    int maxId() {
        return Arrays.stream(ids).max().getAsInt();
    }

    /** Builds an {@link Example} of pieces in the order of the text. */
    public static final class Builder {

        private int[] ids = new int[64];
        private int size;
        private final BitSet learned = new BitSet();

        private Builder() {}

        /**
         * Adds tokens that a model is given.
         *
         * @param tokens their ids
         * @return this builder
         */
        public Builder addPrompt(int... tokens) {
            while (size + tokens.length > ids.length) {
                ids = Arrays.copyOf(ids, 2 * ids.length);
            }
            System.arraycopy(tokens, 0, ids, size, tokens.length);
            size += tokens.length;
            return this;
        }

        /**
         * Adds tokens that a model is to learn.
         *
         * @param tokens their ids
         * @return this builder
         */
        public Builder addAnswer(int... tokens) {
            learned.set(size, size + tokens.length);
            return addPrompt(tokens);
        }

        /**
         * Builds the example. What follows the last answer is left out: nothing is learned from it.
         *
         * @return the example
         * @throws IllegalArgumentException if an id is negative, or there is nothing to learn, as
         *     the first token has none before it from which it could be predicted
         */
        public Example build() {
            learned.clear(0);
            int end = learned.length();
            if (end == 0) {
                throw new IllegalArgumentException(
                        ("an example of %d tokens has nothing to learn; it needs an answer"
                                        + " behind its first token")
                                .formatted(size));
            }
            for (int i = 0; i < end; i++) {
                if (ids[i] < 0) {
                    throw new IllegalArgumentException(
                            "id %d of token %d must be at least 0".formatted(ids[i], i));
                }
            }
            return new Example(Arrays.copyOf(ids, end), (BitSet) learned.clone());
        }
    }
}
