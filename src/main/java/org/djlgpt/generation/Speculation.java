package org.djlgpt.generation;

import java.util.Arrays;

/**
 * Decides whether and how far to guess ahead in a {@link Decoding}. Passes with a guess and passes
 * without are timed, and the kind that gives a token in less time is taken; the other one is tried
 * again now and then. A guess gets longer when all of it was right, and shorter when not.
 */
final class Speculation {

    private static final int TRY_AGAIN = 32;
    private static final int TRY_FIRST = 4; // as long as it is not known what pays
    private static final int FIRST_LENGTH = 4;
    private static final int MAX_LENGTH = 16;
    private static final double MEMORY = 0.8;

    private final Draft draft;
    private final Seconds plain = new Seconds();
    private final Seconds guessed = new Seconds();
    private double tokensGuessed = Double.NaN; // that a pass with a guess gives
    private int length = FIRST_LENGTH;
    private int passes;

    /**
     * Starts without knowing what pays.
     *
     * @param draft guesses, or null if nothing is to be guessed
     */
    Speculation(Draft draft) {
        this.draft = draft;
    }

    /** What the latest passes took, the middle one: one that was interrupted does not count. */
    private static final class Seconds {

        private final double[] latest = new double[5];
        private int count;

        void add(double seconds) {
            latest[count++ % latest.length] = seconds;
        }

        boolean areKnown() {
            return count > latest.length / 2;
        }

        double median() {
            double[] sorted = Arrays.copyOf(latest, Math.min(count, latest.length));
            Arrays.sort(sorted);
            return sorted[sorted.length / 2];
        }
    }

    /** Returns tokens that may follow, at most so many as there is room for. */
    int[] guess(TokenSequence sequence, int room) {
        int most = Math.min(room, length);
        if (draft == null || most < 1 || !isTried()) {
            return new int[0];
        }
        return draft.guess(sequence.tokens(), most);
    }

    private boolean isTried() {
        boolean known = plain.areKnown() && guessed.areKnown();
        boolean pays = !known || guessed.median() <= tokensGuessed * plain.median();
        return passes++ % (known ? TRY_AGAIN : TRY_FIRST) == 0 ? !pays : pays;
    }

    /**
     * Learns from a pass.
     *
     * @param read how many tokens it read besides the guess; if it was more than the last one, as
     *     where the window moves, its time can't be compared
     * @param guess how many tokens were guessed
     * @param taken how many tokens it gave
     * @param seconds what it took, the guess included
     */
    void passed(int read, int guess, int taken, double seconds) {
        if (guess > 0) {
            tokensGuessed =
                    Double.isNaN(tokensGuessed)
                            ? taken
                            : MEMORY * tokensGuessed + (1 - MEMORY) * taken;
            length = taken > guess ? Math.min(MAX_LENGTH, length + 2) : Math.max(1, length - 1);
        }
        if (read == 1) {
            (guess > 0 ? guessed : plain).add(seconds);
        }
    }
}
