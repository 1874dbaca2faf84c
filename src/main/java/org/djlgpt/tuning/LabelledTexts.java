package org.djlgpt.tuning;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.data.Split;
import org.djlgpt.data.TrainingSet;
import org.djlgpt.nn.IllegalParameterException;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;

/**
 * Texts that a classifier learns to label. A batch is their token ids, padded on the right to the
 * longest of the batch, and the numbers of their labels.
 *
 * <pre>{@code
 * LabelledTexts training =
 *         LabelledTexts.builder()
 *                 .setTexts(LabelledText.read(Path.of("mails.csv")))
 *                 .setTokenizer(tokenizer)
 *                 .setContextLength(config.contextLength())
 *                 .setPadTokenId(padTokenId)
 *                 .build();
 * }</pre>
 *
 * <p>A text is encoded as it stands: nothing is put before or after it. One with more tokens than
 * the context has room for is cut at its end, as transformers does, and counted.
 *
 * <p>Labels are numbered by their names: in the order of numbers where all are whole numbers, or
 * else in that of their characters. What is held out must be built with the labels of what is
 * trained on.
 */
public final class LabelledTexts implements TrainingSet {

    private final List<int[]> ids; // one array for each text, and its label's number
    private final int[] targets;
    private final List<String> labels;
    private final int padTokenId;
    private final long truncated;
    private String fingerprint;

    LabelledTexts(
            List<int[]> ids, int[] targets, List<String> labels, int padTokenId, long truncated) {
        this.ids = ids;
        this.targets = targets;
        this.labels = labels;
        this.padTokenId = padTokenId;
        this.truncated = truncated;
    }

    /**
     * Starts building a set.
     *
     * @return the builder
     */
    public static LabelledTextsBuilder builder() {
        return new LabelledTextsBuilder();
    }

    /**
     * Holds out some texts that are drawn at random, of each label the same share.
     *
     * @param validationShare how much, in (0, 1); the number of each label is rounded
     * @param seed what the draw follows from
     * @return both parts, each in the order of this set
     * @throws IllegalArgumentException if one part would be empty
     */
    public Split<LabelledTexts> holdOut(double validationShare, long seed) {
        ExampleSet.requireShare(validationShare);
        Random random = new Random(seed);
        List<Integer> out = new ArrayList<>();
        for (int label = 0; label < labels.size(); label++) {
            List<Integer> having = new ArrayList<>();
            for (int i = 0; i < targets.length; i++) {
                if (targets[i] == label) {
                    having.add(i);
                }
            }
            Collections.shuffle(having, random);
            out.addAll(having.subList(0, (int) Math.rint(having.size() * validationShare)));
        }
        if (out.isEmpty() || out.size() == targets.length) {
            throw new IllegalParameterException(
                    "{validationShare}=%s of the texts of each of %d labels is "
                            + (out.isEmpty() ? "less than one" : "all of them")
                            + "; give more texts, or another share, or others to validate on",
                    validationShare,
                    labels.size());
        }
        TreeSet<Integer> heldOut = new TreeSet<>(out);
        TreeSet<Integer> training = new TreeSet<>();
        for (int i = 0; i < targets.length; i++) {
            if (!heldOut.contains(i)) {
                training.add(i);
            }
        }
        return new Split<>(part(training), part(heldOut));
    }

    private LabelledTexts part(TreeSet<Integer> indices) {
        return new LabelledTexts(
                indices.stream().map(ids::get).toList(),
                indices.stream().mapToInt(i -> targets[i]).toArray(),
                labels,
                padTokenId,
                truncated);
    }

    /**
     * Returns what there is to choose from.
     *
     * @return the labels, in the order of their numbers
     */
    public List<String> labels() {
        return labels;
    }

    /**
     * Returns how many texts have each label.
     *
     * @return the numbers, in the order of the labels
     */
    public long[] counts() {
        long[] counts = new long[labels.size()];
        for (int target : targets) {
            counts[target]++;
        }
        return counts;
    }

    /**
     * Returns what a text is labelled.
     *
     * @param index which, from 0 to {@link #size()} - 1
     * @return the number of its label
     */
    public int target(int index) {
        return targets[index];
    }

    /**
     * Returns the id that fills up the rows of a batch.
     *
     * @return the id
     */
    public int padTokenId() {
        return padTokenId;
    }

    /**
     * Returns how many of the texts given were too long, and have lost their end.
     *
     * @return their number; that of all texts, for a part of them
     */
    public long truncated() {
        return truncated;
    }

    @Override
    public long size() {
        return targets.length;
    }

    /**
     * Returns some texts as one batch.
     *
     * @param manager the manager of the arrays
     * @param indices which, each from 0 to {@link #size()} - 1, at least one
     * @return token ids (B, T), padded on the right, and the numbers of the labels (B), both INT64
     * @throws IllegalArgumentException if there are no indices or one does not exist
     */
    @Override
    public NDList batch(NDManager manager, long... indices) {
        ExampleSet.requireIndices(indices, targets.length);
        List<int[]> rows =
                Arrays.stream(indices).mapToObj(i -> ids.get(Math.toIntExact(i))).toList();
        long[] numbers = Arrays.stream(indices).map(i -> targets[(int) i]).toArray();
        return new NDList(padded(rows, padTokenId, manager), manager.create(numbers));
    }

    /**
     * Puts the ids of texts below each other.
     *
     * @param rows token ids, at least one row
     * @param padTokenId fills up the others on the right to the length of the longest
     * @param manager the manager of the array
     * @return the ids (B, T), INT64
     */
    public static NDArray padded(List<int[]> rows, int padTokenId, NDManager manager) {
        int longest = rows.stream().mapToInt(row -> row.length).max().orElseThrow();
        long[] all = new long[rows.size() * longest];
        Arrays.fill(all, padTokenId);
        for (int i = 0; i < rows.size(); i++) {
            for (int t = 0; t < rows.get(i).length; t++) {
                all[i * longest + t] = rows.get(i)[t];
            }
        }
        return manager.create(all, new Shape(rows.size(), longest));
    }

    @Override
    public int contextLength() {
        return ids.stream().mapToInt(row -> row.length).max().orElseThrow();
    }

    /**
     * Says which texts these are; another set that says the same has the same ones.
     *
     * @return their number, and the SHA-256 of the labels' names, the ids and the labels
     */
    @Override
    public synchronized String fingerprint() {
        if (fingerprint == null) {
            fingerprint = "%d labelled texts with SHA-256 %s".formatted(targets.length, sha256());
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
        digest.update(String.join("\n", labels).getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < targets.length; i++) {
            int[] row = ids.get(i);
            ByteBuffer bytes = ByteBuffer.allocate((row.length + 2) * Integer.BYTES);
            bytes.putInt(targets[i]).putInt(row.length);
            bytes.asIntBuffer().put(row);
            digest.update(bytes.array());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    @Override
    public void requireIdsBelow(int vocabSize) {
        int largest = ids.stream().flatMapToInt(Arrays::stream).reduce(padTokenId, Math::max);
        if (largest >= vocabSize) {
            throw new IllegalParameterException(
                    "id %d is outside the vocabulary of {vocabSize}=%d; encode the texts with the"
                            + " model's own tokenizer",
                    largest, vocabSize);
        }
    }
}
