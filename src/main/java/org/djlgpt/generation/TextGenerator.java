package org.djlgpt.generation;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;

import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Inputs;
import org.djlgpt.text.Tokenizer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Continues text. It stops after {@code maxNewTokens} tokens, at the tokenizer's end-of-text token,
 * at a stop token or before a stop string, and when its thread is interrupted.
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
 *
 * <p>Several threads may use a generator at once. They draw from one random generator, the
 * engine's, so a seed fixes what is written only if one thread writes at a time.
 */
public final class TextGenerator {

    private final TokenGenerator generator;
    private final Tokenizer tokenizer;
    private final int maxNewTokens;
    private final List<String> stopStrings;
    private final Set<Integer> stopTokens;
    private final Integer seed;

    private TextGenerator(Builder builder) {
        tokenizer = builder.tokenizer;
        generator = new TokenGenerator(builder.decoder, builder.manager, known(builder));
        maxNewTokens = builder.maxNewTokens;
        stopStrings = List.copyOf(builder.stopStrings);
        stopTokens = new HashSet<>(builder.stopTokens);
        tokenizer.endOfText().ifPresent(stopTokens::add);
        seed = builder.seed;
    }

    /**
     * A model may have more ids than its tokenizer, such as up to a round number; none is drawn.
     */
    private static Sampler known(Builder builder) {
        int ids = builder.tokenizer.vocabSize();
        return ids == builder.decoder.config().vocabSize()
                ? builder.sampler
                : (logits, seen) -> builder.sampler.sample(logits.get(":, :" + ids), seen);
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
        return generate(List.of(prompt)).get(0);
    }

    /**
     * Returns several continuations of one prompt, made side by side.
     *
     * @param prompt as for {@link #generate(String)}
     * @param count how many, at least 1
     * @return the new texts
     * @throws IllegalArgumentException as {@link #generate(String)}, or if {@code count} is below 1
     */
    public List<String> samples(String prompt, int count) {
        Inputs.requirePositive("samples", count);
        return generate(Collections.nCopies(count, prompt));
    }

    /**
     * Returns a continuation of each prompt, made side by side, which takes less time than one
     * after the other. Each ends by itself.
     *
     * @param prompts at least one, each as for {@link #generate(String)}
     * @return the new texts in the order of the prompts
     * @throws IllegalArgumentException as {@link #generate(String)}, or if there is no prompt
     */
    public List<String> generate(List<String> prompts) {
        List<StringBuilder> texts = new ArrayList<>();
        List<TextRow> rows = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            StringBuilder text = new StringBuilder();
            texts.add(text);
            rows.add(row(text::append));
        }
        try (Decoding decoding = start(prompts.stream().map(this::encode).toArray(int[][]::new))) {
            while (goesOn(rows)) {
                int[] tokens = decoding.next();
                for (int i = 0; i < tokens.length; i++) {
                    if (!rows.get(i).ended()) {
                        rows.get(i).accept(tokens[i]);
                    }
                }
            }
        }
        rows.forEach(TextRow::finish);
        return texts.stream().map(StringBuilder::toString).toList();
    }

    private boolean goesOn(List<TextRow> rows) {
        return rows.stream().anyMatch(row -> !row.ended() && row.tokens() < maxNewTokens)
                && !Thread.currentThread().isInterrupted();
    }

    /**
     * Hands out a continuation while it grows, in pieces that end between characters. An exception
     * of the listener ends it.
     *
     * @param prompt as for {@link #generate(String)}
     * @param listener takes each piece of the new text
     * @return how much was generated, and how fast
     * @throws IllegalArgumentException as {@link #generate(String)}
     */
    public GenerationReport generate(String prompt, Consumer<String> listener) {
        try (TextPieces pieces = pieces(prompt)) {
            pieces.forEachRemaining(listener);
            return pieces.report();
        }
    }

    /**
     * Returns a continuation as a stream of pieces that end between characters, each made when it
     * is asked for. Close the stream to give up early.
     *
     * @param prompt as for {@link #generate(String)}
     * @return the new text, to be closed, in order and for one thread
     * @throws IllegalArgumentException as {@link #generate(String)}
     */
    public Stream<String> stream(String prompt) {
        return pieces(prompt).stream();
    }

    private TextPieces pieces(String prompt) {
        return new TextPieces(start(encode(prompt)), maxNewTokens, this::row);
    }

    private TextRow row(Consumer<String> listener) {
        return new TextRow(tokenizer, stopTokens, stopStrings, listener);
    }

    private Decoding start(int[]... prompts) {
        if (seed != null) {
            Engine.getInstance().setRandomSeed(seed);
        }
        return generator.start(prompts);
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
        private GptDecoder decoder;
        private Tokenizer tokenizer;
        private NDManager manager;
        private Sampler sampler = Sampler.random();
        private int maxNewTokens = 200;
        private List<String> stopStrings = List.of();
        private List<Integer> stopTokens = List.of();
        private Integer seed;

        private Builder() {}

        /**
         * Sets the model; its own float32 weights are used.
         *
         * @param model an initialized model
         * @return this builder
         */
        public Builder setModel(GptModel model) {
            this.model = model;
            return this;
        }

        /**
         * Sets the model in a precision of choice, in place of {@link #setModel}.
         *
         * @param decoder a decoder, which stays the caller's
         * @return this builder
         */
        public Builder setDecoder(GptDecoder decoder) {
            this.decoder = decoder;
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
         * Sets strings that end a text; the text ends before the first one that comes.
         *
         * @param strings not empty ones; none by default
         * @return this builder
         */
        public Builder optStopStrings(String... strings) {
            stopStrings = List.of(strings);
            return this;
        }

        /**
         * Sets tokens that end a text and are not part of it, beside the tokenizer's end-of-text
         * token.
         *
         * @param ids token ids; none by default
         * @return this builder
         */
        public Builder optStopTokens(Integer... ids) {
            stopTokens = List.of(ids);
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
         * @throws IllegalArgumentException if the tokenizer has more ids than the model, a stop
         *     string is empty, or {@code maxNewTokens} is below 1
         */
        public TextGenerator build() {
            Objects.requireNonNull(tokenizer, "setTokenizer is missing");
            Objects.requireNonNull(manager, "setManager is missing");
            Inputs.requirePositive("maxNewTokens", maxNewTokens);
            if (stopStrings.contains("")) {
                throw new IllegalArgumentException(
                        "a stop string is empty; leave it out, or give at least one character");
            }
            if (decoder == null) {
                Objects.requireNonNull(model, "setModel or setDecoder is missing");
                decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
            }
            int known = decoder.config().vocabSize();
            if (tokenizer.vocabSize() > known) {
                throw new IllegalArgumentException(
                        ("the tokenizer has %d ids, but the model knows %d; use the tokenizer "
                                        + "that the model was trained with")
                                .formatted(tokenizer.vocabSize(), known));
            }
            return new TextGenerator(this);
        }
    }
}
