package org.djlgpt.generation;

/**
 * Which tokens of a growing sequence the model sees. All of them as long as they fit; after that
 * the start moves on by a quarter of the context at a time, so that the model sees between three
 * quarters of a context and a whole one. Positions are counted from the start of the window, so
 * that every token has to be computed again when it moves; with this rule that happens once in
 * contextLength / 4 tokens only.
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
        int stride = Math.max(1, contextLength / 4);
        int excess = Math.max(0, length - contextLength);
        return (excess + stride - 1) / stride * stride;
    }
}
