package org.djlgpt.generation;

/**
 * Decides whether and how far to guess ahead in a {@link Decoding}. Passes with a guess and passes
 * without are timed, and the kind that gives a token in less time is taken; the other one is tried
 * again now and then. A guess gets longer when all of it was right, and shorter when not.
 */
final class Speculation {

    private static final int TRY_AGAIN = 32;
    private static final int FIRST_LENGTH = 4;
    private static final int MAX_LENGTH = 16;
    private static final double MEMORY = 0.8;

    private final Draft draft;
    private int length = FIRST_LENGTH;
    private int passes;
    private double secondsPlain = Double.NaN; // for a token
    private double secondsGuessed = Double.NaN;

    /**
     * Starts without knowing what pays.
     *
     * @param draft guesses, or null if nothing is to be guessed
     */
    Speculation(Draft draft) {
        this.draft = draft;
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
        boolean pays = !(secondsGuessed > secondsPlain);
        return passes++ % TRY_AGAIN == 0 ? !pays : pays;
    }

    /**
     * Learns from a pass.
     *
     * @param seconds what it took; NaN if it read more than the last token besides the guess, as
     *     where the window moves, so that it can't be compared
     */
    void passed(int guessed, int taken, double seconds) {
        double each = seconds / taken;
        if (guessed == 0) {
            secondsPlain = mean(secondsPlain, each);
        } else {
            secondsGuessed = mean(secondsGuessed, each);
            length = taken > guessed ? Math.min(MAX_LENGTH, length + 2) : Math.max(1, length - 1);
        }
    }

    private static double mean(double before, double now) {
        if (Double.isNaN(before) || Double.isNaN(now)) {
            return Double.isNaN(now) ? before : now;
        }
        return MEMORY * before + (1 - MEMORY) * now;
    }
}
