package org.djlgpt.generation;

import java.util.Arrays;

/**
 * Guesses how a sequence goes on, so that the model can check several tokens in one pass instead of
 * choosing one in each (Leviathan et al., "Fast Inference from Transformers via Speculative
 * Decoding", 2023). A wrong guess costs time, and never changes what is written: a guessed token is
 * taken where the sampler, with the chance of that place, chooses the same one.
 */
@FunctionalInterface
public interface Draft {

    /**
     * Guesses.
     *
     * @param tokens the ids of a sequence, at least one
     * @param most how many tokens may be guessed, at least 1
     * @return the ids that may follow, as many as that or fewer; none if there is nothing to guess
     */
    int[] guess(int[] tokens, int most);

    /**
     * Guesses from the sequence itself: where its last tokens stood before, what followed them
     * there will follow again. It pays where texts repeat themselves or their prompt, as source
     * code and summaries do (Saxena, "Prompt Lookup Decoding", 2023).
     *
     * @return a draft that looks for the last 3 tokens, then the last 2; the latest place counts
     */
    static Draft promptLookup() {
        return new PromptLookup(3, 2);
    }
}

/**
 * Looks a sequence's end up in what was before.
 *
 * @param longest how many of the last tokens to look for at first
 * @param shortest how many at last
 */
record PromptLookup(int longest, int shortest) implements Draft {

    @Override
    public int[] guess(int[] tokens, int most) {
        for (int count = Math.min(longest, tokens.length - 1); count >= shortest; count--) {
            int end = tokens.length - count;
            for (int from = end - 1; from >= 0; from--) {
                if (Arrays.equals(tokens, from, from + count, tokens, end, tokens.length)) {
                    int next = from + count;
                    return Arrays.copyOfRange(tokens, next, Math.min(next + most, tokens.length));
                }
            }
        }
        return new int[0];
    }
}
