package org.djlgpt.tuning;

import org.djlgpt.nn.Checks;
import org.djlgpt.text.Tokenizer;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Builds {@link LabelledTexts}. */
public final class LabelledTextsBuilder {

    private List<LabelledText> texts = List.of();
    private Tokenizer tokenizer;
    private int contextLength;
    private int padTokenId = -1;
    private List<String> labels;

    LabelledTextsBuilder() {}

    /**
     * Sets the texts.
     *
     * @param texts at least one, each with a label
     * @return this builder
     */
    public LabelledTextsBuilder setTexts(List<LabelledText> texts) {
        this.texts = texts;
        return this;
    }

    /**
     * Sets what makes ids of a text.
     *
     * @param tokenizer the model's own
     * @return this builder
     */
    public LabelledTextsBuilder setTokenizer(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        return this;
    }

    /**
     * Sets how many tokens of a text are kept.
     *
     * @param contextLength at least 1, at most the model's
     * @return this builder
     */
    public LabelledTextsBuilder setContextLength(int contextLength) {
        this.contextLength = contextLength;
        return this;
    }

    /**
     * Sets the id that fills up the rows of a batch.
     *
     * @param padTokenId the classifier's; any id does, but what a text ends with is not read if it
     *     is this one
     * @return this builder
     */
    public LabelledTextsBuilder setPadTokenId(int padTokenId) {
        this.padTokenId = padTokenId;
        return this;
    }

    /**
     * Sets which labels there are.
     *
     * @param labels those of what is trained on, in the order of their numbers; by default those of
     *     the texts
     * @return this builder
     */
    public LabelledTextsBuilder optLabels(List<String> labels) {
        this.labels = List.copyOf(labels);
        return this;
    }

    /**
     * Encodes the texts.
     *
     * @return the set
     * @throws IllegalArgumentException if something is missing, there are no texts, one has no
     *     label, one that is none of the labels, or no tokens, the tokenizer can't encode it, or
     *     all have the same label and no others are given
     */
    public LabelledTexts build() {
        Checks.requirePositive("contextLength", contextLength);
        if (tokenizer == null) {
            throw new IllegalArgumentException("the tokenizer is missing; call setTokenizer");
        }
        if (padTokenId < 0) {
            throw new IllegalArgumentException(
                    "padTokenId=%d must be a token id; call setPadTokenId".formatted(padTokenId));
        }
        if (texts.isEmpty()) {
            throw new IllegalArgumentException("there are no texts; give at least one");
        }
        texts.forEach(LabelledTextsBuilder::requireLabel);
        List<String> known = labels == null ? labelsOfTexts() : labels;
        int[] targets = texts.stream().mapToInt(text -> number(text, known)).toArray();
        List<int[]> ids = new ArrayList<>();
        long truncated = 0;
        for (LabelledText text : texts) {
            int[] row = encode(text);
            truncated += row.length > contextLength ? 1 : 0;
            ids.add(row.length > contextLength ? Arrays.copyOf(row, contextLength) : row);
        }
        return new LabelledTexts(ids, targets, known, padTokenId, truncated);
    }

    private static void requireLabel(LabelledText text) {
        if (text.label() == null) {
            throw new IllegalArgumentException(
                    "%s: the text has no label; give it under \"label\"".formatted(text.place()));
        }
    }

    private List<String> labelsOfTexts() {
        List<String> distinct = texts.stream().map(LabelledText::label).distinct().toList();
        if (distinct.size() == 1) {
            throw new IllegalArgumentException(
                    ("all %d texts have the label \"%s\", of which nothing can be learned; give"
                                    + " texts with others")
                            .formatted(texts.size(), distinct.get(0)));
        }
        boolean numbers = distinct.stream().allMatch(label -> label.matches("-?[0-9]+"));
        Comparator<String> byName = Comparator.naturalOrder();
        Comparator<String> order =
                numbers
                        ? Comparator.comparing((String label) -> new BigInteger(label))
                                .thenComparing(byName)
                        : byName;
        return distinct.stream().sorted(order).toList();
    }

    private static int number(LabelledText text, List<String> known) {
        int number = known.indexOf(text.label());
        if (number < 0) {
            throw new IllegalArgumentException(
                    "%s: the label \"%s\" is none of %s, which there are to learn"
                            .formatted(text.place(), text.label(), known));
        }
        return number;
    }

    private int[] encode(LabelledText text) {
        try {
            int[] row = tokenizer.encode(text.text());
            if (row.length > 0) {
                return row;
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(text.place() + ": " + e.getMessage(), e);
        }
        throw new IllegalArgumentException(
                "%s: the text has no tokens; leave it out".formatted(text.place()));
    }
}
