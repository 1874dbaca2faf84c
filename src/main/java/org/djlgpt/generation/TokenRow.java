package org.djlgpt.generation;

import java.util.Arrays;
import java.util.stream.IntStream;

/** A sequence of token ids that grows, and the window of it that the model has seen. */
final class TokenRow {

    private static final int NEVER = -1;

    private long[] tokens;
    private int length;
    private int start = NEVER;

    TokenRow(int[] prompt) {
        tokens = IntStream.of(prompt).asLongStream().toArray();
        length = prompt.length;
    }

    void append(long token) {
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * length);
        }
        tokens[length++] = token;
    }

    int length() {
        return length;
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
