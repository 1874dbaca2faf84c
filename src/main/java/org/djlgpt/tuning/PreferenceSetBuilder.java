package org.djlgpt.tuning;

import org.djlgpt.nn.Checks;
import org.djlgpt.text.Tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Builds a {@link PreferenceSet}. */
public final class PreferenceSetBuilder {

    private final List<Example> chosen = new ArrayList<>();
    private final List<Example> rejected = new ArrayList<>();
    private final List<Path> files = new ArrayList<>();
    private Tokenizer tokenizer;
    private int contextLength;
    private ChatTemplate template;

    PreferenceSetBuilder() {}

    /**
     * Sets how many tokens a model reads at most.
     *
     * @param contextLength at least 1; the context length of the model, or less
     * @return this builder
     */
    public PreferenceSetBuilder setContextLength(int contextLength) {
        this.contextLength = contextLength;
        return this;
    }

    /**
     * Sets what makes ids of the texts of files, for which it is required. Its end-of-text id ends
     * answers and fills rows that are shorter than others.
     *
     * @param tokenizer the tokenizer
     * @return this builder
     */
    public PreferenceSetBuilder setTokenizer(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        return this;
    }

    /**
     * Sets how conversations are written.
     *
     * @param template that of the model; none by default, and then files must not have any
     * @return this builder
     */
    public PreferenceSetBuilder optTemplate(ChatTemplate template) {
        this.template = template;
        return this;
    }

    /**
     * Adds the pairs of a file, behind those added before.
     *
     * @param file JSON lines, packed if the name ends with {@code .gz}
     * @return this builder
     */
    public PreferenceSetBuilder addFile(Path file) {
        files.add(file);
        return this;
    }

    /**
     * Adds a pair that is there already; such come before those of files.
     *
     * @param better a prompt with the answer to prefer
     * @param worse the prompt with the other answer
     * @return this builder
     * @throws IllegalArgumentException if both are the same
     */
    public PreferenceSetBuilder addPair(Example better, Example worse) {
        if (Arrays.equals(better.ids(), worse.ids())) {
            throw new IllegalArgumentException(
                    "pair %d has the same answer twice, so there is nothing to prefer; leave it out"
                            .formatted(chosen.size()));
        }
        chosen.add(better);
        rejected.add(worse);
        return this;
    }

    /**
     * Builds the set.
     *
     * @return the set
     * @throws IllegalArgumentException if the context length is below 1, there are files and no
     *     tokenizer, a file is missing or holds something else than described at {@link
     *     PreferenceSet}, naming the file, the line and the key; or if no pair is left
     * @throws IOException if a file can't be read
     */
    public PreferenceSet build() throws IOException {
        Checks.requirePositive("contextLength", contextLength);
        if (tokenizer == null && !files.isEmpty()) {
            throw new IllegalArgumentException("tokenizer is not set; call setTokenizer");
        }
        Truncation kept = new Truncation(contextLength);
        for (int i = 0; i < chosen.size(); i++) {
            kept.add(chosen.get(i), rejected.get(i));
        }
        OptionalInt end = tokenizer == null ? OptionalInt.empty() : tokenizer.endOfText();
        for (Path file : files) {
            new PreferenceReader(new ExampleReader(tokenizer, end, template)).read(file, kept::add);
        }
        if (kept.chosen.isEmpty()) {
            throw new IllegalArgumentException(
                    kept.dropped == 0
                            ? "there are no preferences; give a file with at least one line"
                            : ("none of %d pairs has two different answers within %d tokens; use a"
                                            + " longer context")
                                    .formatted(kept.dropped, contextLength));
        }
        int padding = end.orElse(0);
        return new PreferenceSet(kept.set(kept.chosen, padding), kept.set(kept.rejected, padding));
    }

    /** What is left of pairs within a context, and how many lost something. */
    private static final class Truncation {

        private final int contextLength;
        private final List<Example> chosen = new ArrayList<>();
        private final List<Example> rejected = new ArrayList<>();
        private long truncated;
        private long dropped;

        Truncation(int contextLength) {
            this.contextLength = contextLength;
        }

        void add(Example better, Example worse) {
            Optional<Example> first = better.cut(contextLength + 1); // the last is not read
            Optional<Example> second = worse.cut(contextLength + 1);
            boolean isPair =
                    first.isPresent()
                            && second.isPresent()
                            && !Arrays.equals(first.get().ids(), second.get().ids());
            if (!isPair) {
                dropped++;
                return;
            }
            int longer = Math.max(better.length(), worse.length());
            truncated += longer > contextLength + 1 ? 1 : 0;
            chosen.add(first.get());
            rejected.add(second.get());
        }

        ExampleSet set(List<Example> examples, int padding) {
            return new ExampleSet(examples, contextLength, padding, truncated, dropped);
        }
    }
}
