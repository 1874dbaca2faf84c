package org.djlgpt.generation;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * One sequence of a {@link Decoding}: its token ids, the window of them that the model has seen,
 * and when it ends.
 */
final class TokenRow {

    private static final int NEVER = -1;

    private final int promptLength;
    private final int maxNewTokens;
    private final IntPredicate listener;
    private long[] tokens;
    private int length;
    private int start = NEVER;
    private boolean ended;

    /**
     * Makes a sequence.
     *
     * @param prompt the ids that it starts with, at least one
     * @param maxNewTokens the most tokens to take, at least 1
     * @param listener takes each new token and says whether to go on
     */
    TokenRow(int[] prompt, int maxNewTokens, IntPredicate listener) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException(
                    "the prompt has 0 tokens, but needs at least 1 to continue; give some text");
        }
        this.maxNewTokens = maxNewTokens;
        this.listener = listener;
        tokens = IntStream.of(prompt).asLongStream().toArray();
        length = prompt.length;
        promptLength = length;
    }

    /** Takes a token; once the sequence has ended, nobody hears of it. */
    void append(long token) {
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * length);
        }
        tokens[length++] = token;
        ended = ended || !listener.test((int) token) || length - promptLength == maxNewTokens;
    }

    boolean ended() {
        return ended;
    }

    int length() {
        return length;
    }

    int promptLength() {
        return promptLength;
    }

    long last() {
        return tokens[length - 1];
    }

    int[] tokens() {
        return Arrays.stream(tokens, 0, length).mapToInt(token -> (int) token).toArray();
    }

    /** Writes all tokens, and the last one again for what is left of a number of places. */
    void write(long[] into, int from, int places) {
        System.arraycopy(tokens, 0, into, from, length);
        Arrays.fill(into, from + length, from + places, last());
    }

    /** Returns whether the window no longer starts where the model saw it start. */
    boolean hasMoved(ContextWindow window) {
        return start != window.start(length);
    }

    /** Returns the tokens that the model is to see anew. */
    long[] slide(ContextWindow window) {
        start = window.start(length);
        return Arrays.copyOfRange(tokens, start, length);
    }
}
