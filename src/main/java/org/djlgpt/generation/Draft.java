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
     * @return the ids that may follow, as many as that or fewer; none if there is nothing to guess.
     *     What comes behind an id that can't be written, such as one of a greater vocabulary, does
     *     not count
     */
    int[] guess(int[] tokens, int most);

    /**
     * Guesses with another draft where this one has nothing to guess.
     *
     * @param other asked second
     * @return the draft of both
     */
    default Draft or(Draft other) {
        return (tokens, most) -> {
            int[] guess = guess(tokens, most);
            return guess.length > 0 ? guess : other.guess(tokens, most);
        };
    }

    /**
     * Guesses from the sequence itself: where its last tokens stood before, what followed them
     * there will follow again. It pays where texts repeat themselves or their prompt, as source
     * code and summaries do (Saxena, "Prompt Lookup Decoding", 2023).
     *
     * @return a draft that looks for as many of the last tokens as stood together before, 8 at most
     *     and 2 at least; of several such places the latest counts, and what goes round goes on so
     */
    static Draft promptLookup() {
        return new PromptLookup(8, 2);
    }
}

/**
 * Looks a sequence's end up in what was before.
 *
 * @param longest how many of the last tokens to look for at most
 * @param shortest how many at least
 */
record PromptLookup(int longest, int shortest) implements Draft {

    @Override
    public int[] guess(int[] tokens, int most) {
        int found = 0;
        int next = 0;
        for (int end = tokens.length - 1; end > 0 && found < longest; end--) {
            int same = same(tokens, end);
            if (same > found) {
                found = same;
                next = end;
            }
        }
        int[] known = Arrays.copyOf(tokens, tokens.length + (found < shortest ? 0 : most));
        for (int place = tokens.length; place < known.length; place++) {
            known[place] = known[next++];
        }
        return Arrays.copyOfRange(known, tokens.length, known.length);
    }

    /** Returns how many tokens before an end are those before the end of all. */
    private int same(int[] tokens, int end) {
        int most = Math.min(longest, end);
        int same = 0;
        while (same < most && tokens[end - 1 - same] == tokens[tokens.length - 1 - same]) {
            same++;
        }
        return same;
    }
}
