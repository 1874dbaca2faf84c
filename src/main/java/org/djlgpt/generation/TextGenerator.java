package org.djlgpt.generation;

import ai.djl.ndarray.NDManager;

import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Checks;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.tuning.ChatTemplate;
import org.djlgpt.tuning.Message;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.IntStream;
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
 * <p>Several threads may use a generator at once. What is written for a prompt follows from the
 * seed alone, whatever else is written meanwhile.
 */
public final class TextGenerator {

    private final GptDecoder decoder;
    private final Tokenizer tokenizer;
    private final NDManager manager;
    private final TextRequest rules;
    private final int places;
    private final Draft draft;

    private TextGenerator(Builder builder) {
        decoder = builder.decoder;
        tokenizer = builder.tokenizer;
        manager = builder.manager;
        rules = builder.request("");
        places = builder.places;
        draft = builder.draft;
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
     * Returns several continuations of one prompt, made side by side. With a seed, the first is
     * what {@link #generate(String)} gives, and the others have the numbers after it.
     *
     * @param prompt as for {@link #generate(String)}
     * @param count how many, at least 1
     * @return the new texts; fewer if the thread is interrupted before all have begun
     * @throws IllegalArgumentException as {@link #generate(String)}, or if {@code count} is below 1
     */
    public List<String> samples(String prompt, int count) {
        List<String> texts = new ArrayList<>();
        samples(prompt, count, texts::add);
        return texts;
    }

    /**
     * Hands out several continuations of one prompt, those of {@link #samples(String, int)}, in
     * order, each when it and those before it have ended. One begins when there is a place for it;
     * give their number with {@link Builder#optPlaces}, or all begin at once. Then any number of
     * texts needs no more memory than those on their way and those that wait for one before them.
     * Without a seed, each draws its own from the engine's generator when it begins. An exception
     * of the listener ends them all; when the thread is interrupted, those on their way are handed
     * out as they are, and no other begins.
     *
     * @param prompt as for {@link #generate(String)}
     * @param count how many, at least 1
     * @param listener takes each new text
     * @throws IllegalArgumentException as {@link #samples(String, int)}
     */
    public void samples(String prompt, int count, Consumer<String> listener) {
        Checks.requirePositive("samples", count);
        int[] ids = encode(prompt);
        Iterator<TextRow> texts =
                IntStream.range(0, count).mapToObj(i -> row(sample(prompt, i), ids)).iterator();
        write(texts, text -> listener.accept(text.continuation().text()));
    }

    private TextRequest sample(String prompt, int number) {
        TextRequest.Builder request = request(prompt);
        return rules.seed() == null
                ? request.build()
                : request.optSeed(rules.seed() + number).build();
    }

    /**
     * Returns a continuation of each prompt, made side by side, which takes less time than one
     * after the other. Each ends by itself, and is what it would be alone.
     *
     * @param prompts at least one, each as for {@link #generate(String)}
     * @return the new texts in the order of the prompts
     * @throws IllegalArgumentException as {@link #generate(String)}, or if there is no prompt
     */
    public List<String> generate(List<String> prompts) {
        List<TextRequest> requests = prompts.stream().map(p -> request(p).build()).toList();
        return answer(requests).stream().map(Continuation::text).toList();
    }

    /**
     * Starts a request with the rules of this generator, which it may change for itself.
     *
     * @param prompt as for {@link #generate(String)}
     * @return the builder of the request
     */
    public TextRequest.Builder request(String prompt) {
        return TextRequest.builder().with(rules).setPrompt(prompt);
    }

    /**
     * Returns a continuation for each request, made side by side. Where there are more requests
     * than places, those that may grow longest begin, and the next one takes the place of the first
     * that ends; none waits for the longest of a batch.
     *
     * @param requests at least one
     * @return what was written, in the order of the requests
     * @throws IllegalArgumentException as {@link #generate(String)}, or if there is no request
     */
    public List<Continuation> answer(List<TextRequest> requests) {
        Checks.requirePositive("the number of prompts", requests.size());
        List<TextRow> texts = requests.stream().map(this::row).toList();
        write(longestFirst(texts).iterator(), text -> {});
        return texts.stream().map(TextRow::continuation).toList();
    }

    /** What begins last is short, so that few places are empty at the end. */
    private static List<TextRow> longestFirst(List<TextRow> texts) {
        return texts.stream()
                .sorted(Comparator.comparing((TextRow text) -> -text.maxNewTokens()))
                .toList();
    }

    /**
     * Writes texts side by side, each of which begins when there is a place for it, and hands them
     * out in their order.
     */
    private void write(Iterator<TextRow> texts, Consumer<TextRow> listener) {
        Deque<TextRow> begun = new ArrayDeque<>(); // and not yet handed out
        try (Decoding decoding = start()) {
            while (!Thread.currentThread().isInterrupted() && admit(texts, begun, decoding)) {
                decoding.next();
                while (!begun.isEmpty() && begun.peek().tokens().hasEnded()) {
                    listener.accept(begun.remove());
                }
            }
        }
        begun.forEach(listener);
    }

    /** Lets texts begin where there are places, and returns whether any is on its way. */
    private boolean admit(Iterator<TextRow> texts, Deque<TextRow> begun, Decoding decoding) {
        int taken = decoding.running().size();
        for (; taken < places && texts.hasNext(); taken++) {
            TextRow text = texts.next();
            begun.add(text);
            decoding.add(text.tokens());
        }
        return taken > 0;
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
        TextRow text = row(request(prompt).build());
        try (TextPieces pieces = pieces(text)) {
            pieces.forEachRemaining(listener);
            return text.report();
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
        return pieces(row(request(prompt).build())).stream();
    }

    private TextPieces pieces(TextRow text) {
        Decoding decoding = start();
        decoding.add(text.tokens());
        return new TextPieces(decoding, text);
    }

    /**
     * Starts a conversation, by the rules of this generator and those of the template: what it
     * writes behind an answer ends one. With a seed, each turn has the number after that of the one
     * before.
     *
     * @param template how the model was trained to read conversations
     * @param opening what comes before the user's first message, such as a system message
     * @return the conversation, to be closed
     */
    public Chat chat(ChatTemplate template, Message... opening) {
        PromptEncoder encoder = new PromptEncoder(tokenizer, template);
        String end = encoder.endOfTurn();
        TextRequest.Builder chat = request("");
        if (encoder.isSpecial(end)) {
            List<Integer> stopTokens = new ArrayList<>(rules.stopTokens());
            stopTokens.add(tokenizer.encodeWithSpecialTokens(end)[0]);
            chat.optStopTokens(stopTokens.toArray(Integer[]::new));
        } else if (!end.isEmpty()) {
            List<String> stopStrings = new ArrayList<>(rules.stopStrings());
            stopStrings.add(end);
            chat.optStopStrings(stopStrings.toArray(String[]::new));
        }
        return new Chat(this, encoder, chat.build(), List.of(opening));
    }

    TextRow row(TextRequest request) {
        return row(request, encode(request.prompt()));
    }

    TextRow row(TextRequest request, int... prompt) {
        long seed = request.seed() == null ? TokenSequence.newSeed(manager) : request.seed();
        return new TextRow(request, prompt, seed, tokenizer);
    }

    /**
     * A model may have more ids than its tokenizer, such as up to a round number; none is drawn.
     */
    Decoding start() {
        return new Decoding(decoder, manager, tokenizer.vocabSize(), new Speculation(draft));
    }

    int places() {
        return places;
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    int contextLength() {
        return decoder.config().contextLength();
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
        private int places = Integer.MAX_VALUE;
        private Draft draft;

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
         * Sets how many texts may be written side by side; others wait until one ends. Each takes
         * the memory of its keys and values, see {@link org.djlgpt.decoder.GptCache}.
         *
         * @param places at least 1; by default all at once
         * @return this builder
         */
        public Builder optPlaces(int places) {
            this.places = places;
            return this;
        }

        /**
         * Sets what guesses ahead for a text that is written alone. It changes no text, and is left
         * alone while it does not pay.
         *
         * @param draft {@link Draft#promptLookup()} for instance; null for none, the default
         * @return this builder
         */
        public Builder optDraft(Draft draft) {
            this.draft = draft;
            return this;
        }

        /**
         * Builds the generator.
         *
         * @return the generator
         * @throws IllegalArgumentException if the tokenizer has more ids than the model, a stop
         *     string is empty, or {@code maxNewTokens} or {@code places} is below 1
         */
        public TextGenerator build() {
            Objects.requireNonNull(tokenizer, "setTokenizer is missing");
            Objects.requireNonNull(manager, "setManager is missing");
            Checks.requirePositive("places", places);
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
