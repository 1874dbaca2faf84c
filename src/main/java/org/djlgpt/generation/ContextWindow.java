package org.djlgpt.generation;

/**
 * Which tokens of a growing sequence the model sees. All of them as long as they fit; after that
 * the start moves on by half a context at a time, so that the model sees between the last half and
 * the last whole context. Positions are counted from the start of the window, so every token has to
 * be computed again when it moves, and with this rule that happens once in contextLength / 2 tokens
 * only.
 *
 * @param contextLength the most tokens that the model takes
 */
record ContextWindow(int contextLength) {

    /**
     * Returns where the window starts.
     *
     * @param length the number of tokens of the sequence
     * @return the index of the first token that the model sees
     */
    int start(int length) {
        int stride = Math.max(1, contextLength / 2);
        int excess = Math.max(0, length - contextLength);
        return (excess + stride - 1) / stride * stride;
    }
}
