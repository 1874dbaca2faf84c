package org.djlgpt.tuning;

import org.djlgpt.nn.Checks;
import org.djlgpt.text.Tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Builds an {@link ExampleSet}. */
public final class ExampleSetBuilder {

    private final List<Source> sources = new ArrayList<>();
    private Tokenizer tokenizer;
    private int contextLength;
    private ChatTemplate template;
    private Integer endOfText;
    private Integer padding;
    private int numThreads = Runtime.getRuntime().availableProcessors();

    ExampleSetBuilder() {}

    /**
     * Sets how many tokens a model reads at most.
     *
     * @param contextLength at least 1; the context length of the model, or less
     * @return this builder
     */
    public ExampleSetBuilder setContextLength(int contextLength) {
        this.contextLength = contextLength;
        return this;
    }

    /**
     * Sets what makes ids of texts; required for files and conversations.
     *
     * @param tokenizer the tokenizer
     * @return this builder
     */
    public ExampleSetBuilder setTokenizer(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        return this;
    }

    /**
     * Sets how conversations are written.
     *
     * @param template that of the model; none by default, and then there must be no conversations
     * @return this builder
     */
    public ExampleSetBuilder optTemplate(ChatTemplate template) {
        this.template = template;
        return this;
    }

    /**
     * Sets what ends a text and an answer.
     *
     * @param id the id; by default the tokenizer's end of text, and nothing if it has none
     * @return this builder
     */
    public ExampleSetBuilder optEndOfText(int id) {
        endOfText = id;
        return this;
    }

    /**
     * Sets what fills rows that are shorter than others.
     *
     * @param id any id of the vocabulary; by default that which ends a text, or 0
     * @return this builder
     */
    public ExampleSetBuilder optPadding(int id) {
        padding = id;
        return this;
    }

    /**
     * Sets how many threads encode the texts of files.
     *
     * @param numThreads 1 to 1024, 1 for the caller's; by default one for each processor, which
     *     share tokenizer and template
     * @return this builder
     * @throws IllegalArgumentException for another number
     */
    public ExampleSetBuilder optThreads(int numThreads) {
        this.numThreads = Checks.requireThreads(numThreads);
        return this;
    }

    /**
     * Adds the examples of a file, behind those added before.
     *
     * @param file JSON lines, packed if the name ends with {@code .gz}
     * @return this builder
     */
    public ExampleSetBuilder addFile(Path file) {
        sources.add((reader, examples) -> reader.get().read(file, numThreads, examples));
        return this;
    }

    /**
     * Adds a conversation, whose turns of the assistant are learned.
     *
     * @param messages its parts in order
     * @return this builder
     */
    public ExampleSetBuilder addConversation(List<Message> messages) {
        sources.add((reader, examples) -> examples.accept(reader.get().conversation(messages)));
        return this;
    }

    /**
     * Adds examples that are made of ids already.
     *
     * @param more the examples
     * @return this builder
     */
    public ExampleSetBuilder addExamples(List<Example> more) {
        sources.add((reader, examples) -> more.forEach(examples));
        return this;
    }

    /**
     * Builds the set.
     *
     * @return the set
     * @throws IllegalArgumentException if the context length is below 1, there are files or
     *     conversations and no tokenizer, a file is missing or holds something else than described
     *     at {@link ExampleSet}, naming the file, the line and the key; or if no example is left
     * @throws IOException if a file can't be read
     */
    public ExampleSet build() throws IOException {
        Checks.requirePositive("contextLength", contextLength);
        Truncation kept = new Truncation(contextLength);
        for (Source source : sources) {
            source.read(this::reader, kept::add);
        }
        if (kept.examples.isEmpty()) {
            throw new IllegalArgumentException(
                    kept.dropped == 0
                            ? "there are no examples; give a file with at least one line"
                            : ("none of %d examples has an answer within %d tokens; use a"
                                            + " longer context")
                                    .formatted(kept.dropped, contextLength));
        }
        return new ExampleSet(
                kept.examples, contextLength, paddingId(), kept.truncated, kept.dropped);
    }

    /** Where examples come from. */
    private interface Source {

        void read(Supplier<ExampleReader> reader, Consumer<Example> examples) throws IOException;
    }

    private ExampleReader reader() {
        if (tokenizer == null) {
            throw new IllegalArgumentException("tokenizer is not set; call setTokenizer");
        }
        return new ExampleReader(tokenizer, endOfText(), template);
    }

    private OptionalInt endOfText() {
        if (endOfText != null) {
            return OptionalInt.of(endOfText);
        }
        return tokenizer == null ? OptionalInt.empty() : tokenizer.endOfText();
    }

    private int paddingId() {
        return padding == null ? endOfText().orElse(0) : padding;
    }

    /** What is left of examples within a context, and how many lost something. */
    private static final class Truncation {

        private final int contextLength;
        private final List<Example> examples = new ArrayList<>();
        private long truncated;
        private long dropped;

        Truncation(int contextLength) {
            this.contextLength = contextLength;
        }

        void add(Example example) {
            Optional<Example> kept = example.cut(contextLength + 1); // the last is not read
            if (kept.isEmpty()) {
                dropped++;
            } else {
                truncated += example.length() > contextLength + 1 ? 1 : 0;
                examples.add(kept.get());
            }
        }
    }
}
