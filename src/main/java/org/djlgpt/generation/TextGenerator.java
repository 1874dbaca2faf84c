package org.djlgpt.generation;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;

import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Checks;
import org.djlgpt.text.Tokenizer;

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
        Checks.requirePositive("samples", count);
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
        List<TextRow> texts = prompts.stream().map(this::row).toList();
        try (Decoding decoding = start(texts)) {
            decoding.run();
        }
        texts.forEach(TextRow::finish);
        return texts.stream().map(text -> String.join("", text.pieces())).toList();
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
        TextRow text = row(prompt);
        return new TextPieces(start(List.of(text)), text);
    }

    private TextRow row(String prompt) {
        return new TextRow(encode(prompt), maxNewTokens, tokenizer, stopTokens, stopStrings);
    }

    private Decoding start(List<TextRow> texts) {
        if (seed != null) {
            Engine.getInstance().setRandomSeed(seed);
        }
        return generator.start(texts.stream().map(TextRow::tokens).toList());
    }

    private int[] encode(String prompt) {
        return prompt.isEmpty()
                ? new int[] {tokenizer.endOfText().orElseThrow(TextGenerator::emptyPrompt)}
                : tokenizer.encode(prompt);
    }

    private static IllegalArgumentException emptyPrompt() {
        return new IllegalArgumentException(
                "the prompt is empty; give at least one character, such as a newline");
    }

    /** Builds a {@link TextGenerator}. */
    public static final class Builder extends GenerationBuilder<Builder> {

        private GptModel model;
        private GptDecoder decoder;
        private Tokenizer tokenizer;
        private NDManager manager;

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

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
         * Builds the generator.
         *
         * @return the generator
         * @throws IllegalArgumentException if the tokenizer has more ids than the model, a stop
         *     string is empty, or {@code maxNewTokens} is below 1
         */
        public TextGenerator build() {
            Objects.requireNonNull(tokenizer, "setTokenizer is missing");
            Objects.requireNonNull(manager, "setManager is missing");
            requireRules();
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
