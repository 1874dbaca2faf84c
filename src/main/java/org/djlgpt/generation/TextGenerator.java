package org.djlgpt.generation;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;

import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Inputs;
import org.djlgpt.text.Tokenizer;

import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * Continues text. It stops after {@code maxNewTokens} tokens or at the tokenizer's end-of-text
 * token.
 *
 * <pre>{@code
 * TextGenerator generator =
 *         TextGenerator.builder()
 *                 .setModel(model)
 *                 .setTokenizer(tokenizer)
 *                 .setManager(manager)
 *                 .optSampler(Sampler.random().topK(40).temperature(0.8))
 *                 .build();
 * String text = generator.generate("public class ");
 * }</pre>
 */
public final class TextGenerator {

    private final TokenGenerator generator;
    private final Tokenizer tokenizer;
    private final int maxNewTokens;
    private final Integer seed;

    private TextGenerator(Builder builder) {
        generator = new TokenGenerator(builder.model, builder.manager, builder.sampler);
        tokenizer = builder.tokenizer;
        maxNewTokens = builder.maxNewTokens;
        seed = builder.seed;
    }

    /**
     * Starts building a generator.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns a continuation.
     *
     * @param prompt the text to continue; empty only if the tokenizer has an end-of-text token to
     *     start from
     * @return the new text, without the prompt
     * @throws IllegalArgumentException if the tokenizer does not know a character of the prompt, or
     *     the prompt is empty
     */
    public String generate(String prompt) {
        StringBuilder text = new StringBuilder();
        generate(prompt, text::append);
        return text.toString();
    }

    /**
     * Hands out a continuation while it grows, in pieces that end between characters. An exception
     * of the listener ends it.
     *
     * @param prompt as for {@link #generate(String)}
     * @param listener takes each piece of the new text
     * @return the number of new tokens, the end-of-text token included
     * @throws IllegalArgumentException as {@link #generate(String)}
     */
    public int generate(String prompt, Consumer<String> listener) {
        int[] ids = encode(prompt);
        if (seed != null) {
            Engine.getInstance().setRandomSeed(seed);
        }
        OptionalInt endOfText = tokenizer.endOfText();
        Utf8Stream text = new Utf8Stream(listener);
        int[] tokens =
                generator.generate(
                        ids,
                        maxNewTokens,
                        token -> {
                            if (endOfText.isPresent() && token == endOfText.getAsInt()) {
                                return false;
                            }
                            text.write(tokenizer.decodeBytes(token));
                            return true;
                        });
        text.finish();
        return tokens.length;
    }

    private int[] encode(String prompt) {
        if (!prompt.isEmpty()) {
            return tokenizer.encode(prompt);
        }
        return new int[] {
            tokenizer
                    .endOfText()
                    .orElseThrow(
                            () ->
                                    new IllegalArgumentException(
                                            "the prompt is empty; give at least one character, such"
                                                    + " as a newline"))
        };
    }

    /** Builds a {@link TextGenerator}. */
    public static final class Builder {

        private GptModel model;
        private Tokenizer tokenizer;
        private NDManager manager;
        private Sampler sampler = Sampler.random();
        private int maxNewTokens = 200;
        private Integer seed;

        private Builder() {}

        /**
         * Sets the model.
         *
         * @param model an initialized model
         * @return this builder
         */
        public Builder setModel(GptModel model) {
            this.model = model;
            return this;
        }

        /**
         * Sets the tokenizer.
         *
         * @param tokenizer the one that the model was trained with
         * @return this builder
         */
        public Builder setTokenizer(Tokenizer tokenizer) {
            this.tokenizer = tokenizer;
            return this;
        }

        /**
         * Sets where arrays are made.
         *
         * @param manager a manager on the device of the model's parameters
         * @return this builder
         */
        public Builder setManager(NDManager manager) {
            this.manager = manager;
            return this;
        }

        /**
         * Sets how tokens are chosen.
         *
         * @param sampler {@link Sampler#random()} by default
         * @return this builder
         */
        public Builder optSampler(Sampler sampler) {
            this.sampler = sampler;
            return this;
        }

        /**
         * Sets the most tokens to generate.
         *
         * @param maxNewTokens at least 1, 200 by default
         * @return this builder
         */
        public Builder optMaxNewTokens(int maxNewTokens) {
            this.maxNewTokens = maxNewTokens;
            return this;
        }

        /**
         * Sets the engine's seed before each text, so that the same prompt gives the same text.
         *
         * @param seed any number; by default the generator goes on from where it is
         * @return this builder
         */
        public Builder optSeed(int seed) {
            this.seed = seed;
            return this;
        }

        /**
         * Builds the generator.
         *
         * @return the generator
         * @throws IllegalArgumentException if the tokenizer has more ids than the model, or {@code
         *     maxNewTokens} is below 1
         */
        public TextGenerator build() {
            Objects.requireNonNull(model, "setModel is missing");
            Objects.requireNonNull(tokenizer, "setTokenizer is missing");
            Objects.requireNonNull(manager, "setManager is missing");
            Inputs.requirePositive("maxNewTokens", maxNewTokens);
            if (tokenizer.vocabSize() > model.config().vocabSize()) {
                throw new IllegalArgumentException(
                        ("the tokenizer has %d ids, but the model knows %d; use the tokenizer "
                                        + "that the model was trained with")
                                .formatted(tokenizer.vocabSize(), model.config().vocabSize()));
            }
            return new TextGenerator(this);
        }
    }
}
