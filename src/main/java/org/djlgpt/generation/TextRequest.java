package org.djlgpt.generation;

import org.djlgpt.nn.Checks;

import java.util.List;
import java.util.Objects;

/**
 * A text that is asked for: its prompt, and rules of its own. {@link TextGenerator#request} starts
 * one with the generator's rules.
 *
 * @param prompt the text to continue; empty only if the tokenizer has an end-of-text token to start
 *     from
 * @param sampler how tokens are chosen
 * @param maxNewTokens the most tokens to generate, at least 1
 * @param stopStrings strings that end the text, which ends before the first one that comes
 * @param stopTokens token ids that end it, beside the tokenizer's end-of-text token
 * @param seed what its chances follow from; null for one that the engine's generator draws
 */
public record TextRequest(
        String prompt,
        Sampler sampler,
        int maxNewTokens,
        List<String> stopStrings,
        List<Integer> stopTokens,
        Integer seed) {

    /**
     * Checks the rules.
     *
     * @param prompt the text to continue
     * @param sampler how tokens are chosen
     * @param maxNewTokens the most tokens to generate, at least 1
     * @param stopStrings strings that end the text
     * @param stopTokens token ids that end it
     * @param seed what its chances follow from, or null
     * @throws IllegalArgumentException if {@code maxNewTokens} is below 1 or a stop string is empty
     */
    public TextRequest {
        Objects.requireNonNull(prompt, "setPrompt is missing");
        Objects.requireNonNull(sampler, "sampler");
        stopStrings = List.copyOf(stopStrings);
        stopTokens = List.copyOf(stopTokens);
        Checks.requirePositive("maxNewTokens", maxNewTokens);
        if (stopStrings.contains("")) {
            throw new IllegalArgumentException(
                    "a stop string is empty; leave it out, or give at least one character");
        }
    }

    /**
     * Starts building a request.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link TextRequest}. */
    public static final class Builder extends GenerationBuilder<Builder> {

        private String prompt;

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets the text to continue.
         *
         * @param prompt as for {@link TextRequest}
         * @return this builder
         */
        public Builder setPrompt(String prompt) {
            this.prompt = prompt;
            return this;
        }

        /**
         * Builds the request.
         *
         * @return the request
         * @throws IllegalArgumentException as the constructor of {@link TextRequest}
         */
        public TextRequest build() {
            return request(prompt);
        }
    }
}
