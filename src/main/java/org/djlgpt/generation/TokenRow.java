package org.djlgpt.generation;

import java.util.Arrays;

/** A sequence of token ids that grows, and the window of it that the model has seen. */
final class TokenRow {

    private static final int NEVER = -1;

    private int[] tokens;
    private int length;
    private int start = NEVER;

    TokenRow(int[] prompt) {
        tokens = prompt.clone();
        length = prompt.length;
    }

    void append(int token) {
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * length);
        }
        tokens[length++] = token;
    }

    int last() {
        return tokens[length - 1];
    }

    int[] tokens() {
        return Arrays.copyOf(tokens, length);
    }

    /** Returns whether the window no longer starts where the model saw it start. */
    boolean hasMoved(ContextWindow window) {
        return start != window.start(length);
    }

    /** Returns the tokens that the model is to see anew. */
    int[] slide(ContextWindow window) {
        start = window.start(length);
        return Arrays.copyOfRange(tokens, start, length);
    }
}
