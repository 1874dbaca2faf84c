package org.djlgpt.generation;

/**
 * What generating a text took.
 *
 * @param promptTokens the number of tokens of the prompt
 * @param newTokens the number of tokens generated, one that ended the text included
 * @param secondsToFirstToken the time until the first of them was known
 * @param seconds the time in all
 */
public record GenerationReport(
        int promptTokens, int newTokens, double secondsToFirstToken, double seconds) {

    /**
     * Returns how fast the prompt was read.
     *
     * @return tokens of the prompt by the seconds until the first new token
     */
    public double promptTokensPerSecond() {
        return promptTokens / secondsToFirstToken;
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
