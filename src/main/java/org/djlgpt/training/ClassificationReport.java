package org.djlgpt.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Pass;
import org.djlgpt.torch.Recording;
import org.djlgpt.tuning.LabelledTexts;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * How well a classifier labels texts whose labels are known.
 *
 * @param labels what there is to choose from, by number
 * @param confusion how many texts of a label (the row) were given a label (the column)
 */
public record ClassificationReport(List<String> labels, long[][] confusion) {

    private static final int MAX_COLUMNS = 20;

    /**
     * Checks the numbers.
     *
     * @param labels the labels
     * @param confusion a row and a column for each
     * @throws IllegalArgumentException if there are not as many rows and columns as labels, or a
     *     number is negative
     */
    public ClassificationReport {
        labels = List.copyOf(labels);
        confusion = copy(confusion);
        for (long[] row : confusion) {
            if (row.length != labels.size() || confusion.length != labels.size()) {
                throw new IllegalArgumentException(
                        "confusion is %d by %d, but there are %d labels"
                                .formatted(confusion.length, row.length, labels.size()));
            }
            if (LongStream.of(row).anyMatch(count -> count < 0)) {
                throw new IllegalArgumentException("confusion counts texts: none below 0");
            }
        }
    }

    private static long[][] copy(long[][] rows) {
        return Arrays.stream(rows).map(long[]::clone).toArray(long[][]::new);
    }

    /**
     * Labels texts, and counts.
     *
     * @param model a block from token ids (B, T) to logits (B, labels)
     * @param texts what to label, with the labels of the model
     * @param manager a manager on the device to compute on
     * @param batchSize the number of texts in a forward pass, at least 1
     * @return what came out; of several highest logits the first counts
     * @throws IllegalArgumentException if the texts do not fit the model
     */
    public static ClassificationReport of(
            Block model, LabelledTexts texts, NDManager manager, int batchSize) {
        Checks.requirePositive("batchSize", batchSize);
        Objective.classification().requireFit(model, texts);
        long[][] confusion = new long[texts.labels().size()][texts.labels().size()];
        for (long from = 0; from < texts.size(); from += batchSize) {
            long to = Math.min(from + batchSize, texts.size());
            try (Recording off = Recording.off();
                    NDManager batchManager = manager.newSubManager()) {
                NDList batch = texts.batch(batchManager, LongStream.range(from, to).toArray());
                Pass pass = new Pass(new ParameterStore(batchManager, false), false);
                NDArray logits = pass.through(batch.get(0), model); // (B, labels)
                long[] predicted = logits.argMax(1).toLongArray();
                long[] targets = batch.get(1).toLongArray();
                for (int i = 0; i < targets.length; i++) {
                    confusion[(int) targets[i]][(int) predicted[i]]++;
                }
            }
        }
        return new ClassificationReport(texts.labels(), confusion);
    }

    /**
     * Returns how many texts of a label were given a label.
     *
     * @return a copy: rows are what texts are, columns what they were taken for
     */
    @Override
    public long[][] confusion() {
        return copy(confusion);
    }

    /**
     * Returns how many texts there were.
     *
     * @return their number
     */
    public long texts() {
        return IntStream.range(0, labels.size()).mapToLong(this::having).sum();
    }

    private long having(int label) {
        return LongStream.of(confusion[label]).sum();
    }

    private long given(int label) {
        return IntStream.range(0, labels.size()).mapToLong(row -> confusion[row][label]).sum();
    }

    /**
     * Returns the share of the texts that were labelled rightly.
     *
     * @return a number from 0 to 1; NaN of no texts
     */
    public double accuracy() {
        long right = IntStream.range(0, labels.size()).mapToLong(i -> confusion[i][i]).sum();
        return (double) right / texts();
    }

    /**
     * Returns the share of the texts given a label that have it.
     *
     * @param label the number of the label
     * @return a number from 0 to 1; NaN if none was given it
     */
    public double precision(int label) {
        return (double) confusion[label][label] / given(label);
    }

    /**
     * Returns the share of the texts that have a label that were given it.
     *
     * @param label the number of the label
     * @return a number from 0 to 1; NaN if none has it
     */
    public double recall(int label) {
        return (double) confusion[label][label] / having(label);
    }

    /**
     * Returns the harmonic mean of precision and recall.
     *
     * @param label the number of the label
     * @return a number from 0 to 1; NaN if no text has the label or was given it
     */
    public double f1(int label) {
        return 2.0 * confusion[label][label] / (having(label) + given(label));
    }

    /**
     * Returns the report as text: the accuracy, then for each label how many texts have it, its
     * precision, recall and F1, and how many of its texts were given each label, of which there is
     * no room for more than 20.
     *
     * @return lines without one at the end
     */
    @Override
    public String toString() {
        int width = Math.max(8, labels.stream().mapToInt(String::length).max().orElse(0));
        StringBuilder text = new StringBuilder();
        text.append(line("accuracy %.4f of %,d texts%n%n", accuracy(), texts()));
        text.append(
                line(
                        "%-" + width + "s  %8s  %9s  %6s  %6s",
                        "",
                        "texts",
                        "precision",
                        "recall",
                        "F1"));
        List<String> columns = labels.size() <= MAX_COLUMNS ? labels : List.of();
        columns.forEach(label -> text.append(line("  %" + column(label) + "s", label)));
        for (int row = 0; row < labels.size(); row++) {
            text.append(System.lineSeparator());
            text.append(
                    line(
                            "%-" + width + "s  %,8d  %9s  %6s  %6s",
                            labels.get(row),
                            having(row),
                            share(precision(row)),
                            share(recall(row)),
                            share(f1(row))));
            for (int column = 0; column < columns.size(); column++) {
                int columnWidth = column(labels.get(column));
                text.append(line("  %," + columnWidth + "d", confusion[row][column]));
            }
        }
        return text.toString();
    }

    private static int column(String label) {
        return Math.max(6, label.length());
    }

    private static String share(double share) {
        return Double.isNaN(share) ? "-" : line("%.4f", share);
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
