package org.djlgpt.plot;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What the script of an {@link AttentionPage} reads.
 *
 * @param title the heading
 * @param tokens a label for each token
 * @param weights by layer, head and row, in ten-thousandths, without the zeros at a row's end
 * @param light pairs of a color and the ink to write on it, from the smallest weight to the largest
 * @param dark the same on a dark page
 */
record PageData(
        String title,
        List<String> tokens,
        List<List<List<int[]>>> weights,
        List<List<String>> light,
        List<List<String>> dark) {

    private static final int ONE = 10_000;

    /** Rounds weights; half a ten-thousandth is nothing to see. */
    static List<List<List<int[]>>> tenThousandths(AttentionWeights weights) {
        return weights.layers().stream()
                .map(heads -> heads.stream().map(PageData::rows).toList())
                .toList();
    }

    private static List<int[]> rows(WeightMatrix head) {
        return IntStream.range(0, head.size()).mapToObj(row -> row(head, row)).toList();
    }

    private static int[] row(WeightMatrix head, int row) {
        int[] rounded = new int[head.size()];
        int length = 0;
        for (int column = 0; column < rounded.length; column++) {
            rounded[column] = Math.round(ONE * head.at(row, column));
            length = rounded[column] > 0 ? column + 1 : length;
        }
        return Arrays.copyOf(rounded, length);
    }
}
