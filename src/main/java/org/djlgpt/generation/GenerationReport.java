package org.djlgpt.generation;

/**
 * What generating a text took, and why it ended.
 *
 * @param finishReason why no more came
 * @param promptTokens the number of tokens of the prompt
 * @param cachedTokens how many of these were not read, since their keys and values were there
 * @param newTokens the number of tokens generated, one that ended the text included
 * @param secondsToFirstToken the time until the first of them was known
 * @param seconds the time in all
 */
public record GenerationReport(
        FinishReason finishReason,
        int promptTokens,
        int cachedTokens,
        int newTokens,
        double secondsToFirstToken,
        double seconds) {

    /** Why a text ended. */
    public enum FinishReason {
        /** The model chose a token that ends a text. */
        END_OF_TEXT,
        /** A stop string came. */
        STOP_STRING,
        /** It has as many tokens as were asked for. */
        LENGTH,
        /** Nobody wanted more: the thread was interrupted, the request canceled. */
        STOPPED
    }

    /**
     * Returns how fast the prompt was read.
     *
     * @return tokens of the prompt that were read, by the seconds until the first new token
     */
    public double promptTokensPerSecond() {
        return (promptTokens - cachedTokens) / secondsToFirstToken;
    }

    /**
     * Returns how fast text was written once it had begun.
     *
     * @return tokens per second after the first one; NaN if there was only one
     */
    public double tokensPerSecond() {
        return newTokens == 1 ? Double.NaN : (newTokens - 1) / (seconds - secondsToFirstToken);
    }
}
