package org.djlgpt.tuning;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

import org.djlgpt.data.Split;
import org.djlgpt.data.TrainingSet;
import org.djlgpt.nn.IllegalParameterException;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Examples to learn from, in memory: a batch has a row for each, padded on the right to the longest
 * of the batch. Padding is never a target, and no token before it sees it, so that it changes no
 * loss.
 *
 * <pre>{@code
 * ExampleSet all = ExampleSet.builder()
 *         .setTokenizer(tokenizer).setContextLength(1024)
 *         .optTemplate(ChatTemplate.chatMl())
 *         .addFile(Path.of("chats.jsonl"))
 *         .build();
 * Split<ExampleSet> split = all.holdOut(0.1);
 * TrainingLoop.builder().setData(split.training(), split.heldOut()) ...
 * }</pre>
 *
 * <p>Of files, each line is a JSON object of one of these kinds, told apart by its keys; others
 * than these are left alone:
 *
 * <ul>
 *   <li>{@code text}: every token counts in the loss.
 *   <li>{@code prompt} and {@code completion}: the completion counts. Both are strings, or both are
 *       lists of messages.
 *   <li>{@code instruction}, {@code output} and perhaps {@code input}, as in Alpaca's data: the
 *       output counts, behind a prompt in {@link ChatTemplate#alpaca() Alpaca's format}.
 *   <li>{@code messages}, a list of objects with {@code role} and {@code content}: what the
 *       assistant says counts, in each of its turns and with the token that ends it.
 * </ul>
 *
 * <p>The tokenizer's end-of-text id ends texts, completions, outputs, and turns that the template
 * does not end with a special token; it counts, so that a model learns to stop. Prompt and answer
 * are encoded apart. That may give other ids than the whole text, where a token would reach across
 * the border, and it is right: whoever asks a model encodes the prompt alone, and what is written
 * then begins with a token of its own. Special tokens are those of the template; in what messages
 * say they are refused, and in prompts and texts they are letters.
 *
 * <p>An example that is too long is cut from the right, as by TRL and LitGPT, and {@link
 * #truncated()} counts it. If nothing that counts is left, because its prompt is too long, it is
 * {@link #dropped()} instead.
 */
public final class ExampleSet implements TrainingSet {

    private final List<Example> examples;
    private final int contextLength;
    private final int paddingId;
    private final long truncated;
    private final long dropped;
    private String fingerprint;

    ExampleSet(
            List<Example> examples,
            int contextLength,
            int paddingId,
            long truncated,
            long dropped) {
        this.examples = examples;
        this.contextLength = contextLength;
        this.paddingId = paddingId;
        this.truncated = truncated;
        this.dropped = dropped;
    }

    private ExampleSet part(int from, int to) {
        List<Example> part = examples.subList(from, to);
        return new ExampleSet(part, contextLength, paddingId, truncated, dropped);
    }

    /**
     * Starts a set.
     *
     * @return a builder without context length, which must be set
     */
    public static ExampleSetBuilder builder() {
        return new ExampleSetBuilder();
    }

    /**
     * Holds out the end of these examples.
     *
     * @param validationShare how much of them, in (0, 1); their number is rounded down
     * @return what lies before it, and the end
     * @throws IllegalArgumentException if the share leaves no example on one of the sides
     */
    public Split<ExampleSet> holdOut(double validationShare) {
        requireShare(validationShare);
        int end = examples.size() - (int) (examples.size() * validationShare);
        if (end == examples.size()) {
            throw new IllegalParameterException(
                    "{validationShare}=%s of %d example(s) is less than one, so that none is held"
                            + " out; give more of them, or a larger share, or others to validate"
                            + " on",
                    validationShare, examples.size());
        }
        return new Split<>(part(0, end), part(end, examples.size()));
    }

    static void requireShare(double validationShare) {
        if (!(validationShare > 0 && validationShare < 1)) {
            throw new IllegalParameterException(
                    "{validationShare}=%s must lie between 0 and 1", validationShare);
        }
    }

    /**
     * Puts several examples into a row, as many as the context has room for, which saves the
     * padding. No example sees another, and each has the loss that it has alone: a batch has a
     * third array, the positions that {@link org.djlgpt.nn.Positions#packed} takes. From the
     * longest on, each example goes into the fullest row with room for it.
     *
     * @return the rows, always the same ones
     */
    public TrainingSet packed() {
        return new PackedExamples(this, contextLength);
    }

    /**
     * Returns an example.
     *
     * @param index which, from 0 to {@link #size()} - 1
     * @return the example
     */
    public Example get(int index) {
        return examples.get(index);
    }

    @Override
    public long size() {
        return examples.size();
    }

    /**
     * Returns some examples as one batch.
     *
     * @param manager the manager of the arrays
     * @param indices which, each from 0 to {@link #size()} - 1, at least one
     * @return token ids (B, T) and the ids that follow them (B, T), both INT64, the latter {@link
     *     org.djlgpt.nn.CrossEntropy#IGNORED} where nothing is to be learned
     * @throws IllegalArgumentException if there are no indices or one does not exist
     */
    @Override
    public NDList batch(NDManager manager, long... indices) {
        requireIndices(indices, examples.size());
        List<Example> taken =
                Arrays.stream(indices).mapToObj(i -> examples.get(Math.toIntExact(i))).toList();
        ExampleBatch batch = new ExampleBatch(indices.length, longest(taken), paddingId);
        for (int row = 0; row < indices.length; row++) {
            batch.put(taken.get(row), row, 0);
        }
        return batch.arrays(manager);
    }

    static void requireIndices(long[] indices, long size) {
        if (indices.length == 0) {
            throw new IllegalArgumentException(
                    "a batch of nothing is empty; give at least 1 index");
        }
        for (long index : indices) {
            if (index < 0 || index >= size) {
                throw new IllegalArgumentException(
                        "index %d does not exist; give 0 to %d".formatted(index, size - 1));
            }
        }
    }

    /** Returns how many tokens a model reads of the longest. */
    private static int longest(List<Example> examples) {
        return examples.stream().mapToInt(Example::length).max().getAsInt() - 1;
    }

    /**
     * Returns how many tokens a model reads of the longest example.
     *
     * @return one less than that example has, as its last is only predicted
     */
    @Override
    public int contextLength() {
        return longest(examples);
    }

    /**
     * Returns how many of the examples given were too long, and have lost their end.
     *
     * @return their number; that of all examples, for a part of them
     */
    public long truncated() {
        return truncated;
    }

    /**
     * Returns how many of the examples given are missing, as nothing to learn was left of them
     * within the context.
     *
     * @return their number; that of all examples, for a part of them
     */
    public long dropped() {
        return dropped;
    }

    /**
     * Returns how many tokens count in the loss.
     *
     * @return the number of all examples together
     */
    public long learnedTokens() {
        return examples.stream().mapToLong(Example::learnedTokens).sum();
    }

    /**
     * Returns how many tokens the examples have.
     *
     * @return the number of all together, prompts included
     */
    public long tokens() {
        return examples.stream().mapToLong(Example::length).sum();
    }

    int paddingId() {
        return paddingId;
    }

    /**
     * Says which examples these are; another set that says the same has the same ones.
     *
     * @return their number, and the SHA-256 of their lengths, their ids and what of them counts
     */
    @Override
    public synchronized String fingerprint() {
        if (fingerprint == null) {
            fingerprint = "%d examples with SHA-256 %s".formatted(examples.size(), sha256());
        }
        return fingerprint;
    }

    private String sha256() {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        for (Example example : examples) {
            int[] ids = example.ids();
            ByteBuffer bytes = ByteBuffer.allocate((ids.length + 1) * Integer.BYTES);
            bytes.putInt(ids.length);
            for (int i = 0; i < ids.length; i++) {
                bytes.putInt(example.isLearned(i) ? ids[i] : ~ids[i]);
            }
            digest.update(bytes.flip());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    @Override
    public void requireIdsBelow(int vocabSize) {
        for (int i = 0; i < examples.size(); i++) {
            int id = examples.get(i).maxId();
            if (id >= vocabSize) {
                throw new IllegalParameterException(
                        "id %d in example %d is outside the vocabulary of {vocabSize}=%d",
                        id, i, vocabSize);
            }
        }
        if (paddingId >= vocabSize) {
            throw new IllegalParameterException(
                    "the id %d of padding is outside the vocabulary of {vocabSize}=%d",
                    paddingId, vocabSize);
        }
    }
}
