package org.djlgpt.tuning;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

import org.djlgpt.data.Split;
import org.djlgpt.data.TrainingSet;

/**
 * Pairs of answers to the same prompts, of which one is better, in memory: what {@code
 * org.djlgpt.training.PreferenceOptimization} learns from. Rows are padded on the right to the
 * longest of a batch.
 *
 * <pre>{@code
 * PreferenceSet all = PreferenceSet.builder()
 *         .setTokenizer(tokenizer).setContextLength(1024)
 *         .addFile(Path.of("preferences.jsonl"))
 *         .build();
 * }</pre>
 *
 * <p>Of files, each line is a JSON object with {@code prompt}, {@code chosen} and {@code rejected},
 * all strings or all lists of messages, which need a chat template; or with {@code chosen} and
 * {@code rejected} alone, two conversations that begin with the same messages. These are the forms
 * of Hugging Face's TRL. Prompts and answers become tokens as in {@link ExampleSet}, and are cut as
 * there: a pair without an answer left, or with the same beginning of both, is {@link #dropped()}.
 */
public final class PreferenceSet implements TrainingSet {

    private final ExampleSet chosen;
    private final ExampleSet rejected;

    /** Takes as many better as worse examples, in the same order. */
    PreferenceSet(ExampleSet chosen, ExampleSet rejected) {
        this.chosen = chosen;
        this.rejected = rejected;
    }

    /**
     * Starts a set.
     *
     * @return a builder without context length, which must be set
     */
    public static PreferenceSetBuilder builder() {
        return new PreferenceSetBuilder();
    }

    /**
     * Holds out the end of these pairs.
     *
     * @param validationShare how much of them, in (0, 1); their number is rounded down
     * @return what lies before it, and the end
     * @throws IllegalArgumentException if the share leaves no pair on one of the sides
     */
    public Split<PreferenceSet> holdOut(double validationShare) {
        Split<ExampleSet> better = chosen.holdOut(validationShare);
        Split<ExampleSet> worse = rejected.holdOut(validationShare);
        return new Split<>(
                new PreferenceSet(better.training(), worse.training()),
                new PreferenceSet(better.heldOut(), worse.heldOut()));
    }

    /**
     * Returns the better answers, behind their prompts.
     *
     * @return an example for each pair
     */
    public ExampleSet chosen() {
        return chosen;
    }

    /**
     * Returns the worse answers, behind their prompts.
     *
     * @return an example for each pair
     */
    public ExampleSet rejected() {
        return rejected;
    }

    @Override
    public long size() {
        return chosen.size();
    }

    /**
     * Returns some pairs as one batch.
     *
     * @param manager the manager of the arrays
     * @param indices which, each from 0 to {@link #size()} - 1, at least one
     * @return token ids (B, 2, T) and the ids that follow them (B, 2, T), both INT64, the chosen
     *     answer first, the latter {@link org.djlgpt.nn.CrossEntropy#IGNORED} where no answer is
     * @throws IllegalArgumentException if there are no indices or one does not exist
     */
    @Override
    public NDList batch(NDManager manager, long... indices) {
        ExampleSet.requireIndices(indices, size());
        int longest = 0;
        for (long index : indices) {
            int pair = Math.toIntExact(index);
            longest = Math.max(longest, chosen.get(pair).length() - 1);
            longest = Math.max(longest, rejected.get(pair).length() - 1);
        }
        ExampleBatch batch = new ExampleBatch(2 * indices.length, longest, chosen.paddingId());
        for (int i = 0; i < indices.length; i++) {
            int pair = Math.toIntExact(indices[i]);
            batch.put(chosen.get(pair), 2 * i, 0);
            batch.put(rejected.get(pair), 2 * i + 1, 0);
        }
        return batch.pairedArrays(manager);
    }

    @Override
    public int contextLength() {
        return Math.max(chosen.contextLength(), rejected.contextLength());
    }

    /**
     * Returns how many of the pairs given were too long, so that an answer has lost its end.
     *
     * @return their number; that of all pairs, for a part of them
     */
    public long truncated() {
        return chosen.truncated();
    }

    /**
     * Returns how many of the pairs given are missing, as nothing to prefer was left of them within
     * the context.
     *
     * @return their number; that of all pairs, for a part of them
     */
    public long dropped() {
        return chosen.dropped();
    }

    @Override
    public String fingerprint() {
        return "chosen: %s; rejected: %s".formatted(chosen.fingerprint(), rejected.fingerprint());
    }

    @Override
    public void requireIdsBelow(int vocabSize) {
        chosen.requireIdsBelow(vocabSize);
        rejected.requireIdsBelow(vocabSize);
    }
}
