package org.djlgpt.tuning;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

import org.djlgpt.data.TrainingSet;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Rows of examples: from the longest to the shortest, each goes into the fullest row that has room
 * for it, or else into a new one ("best-fit decreasing": Johnson, "Near-optimal bin packing
 * algorithms", 1973).
 */
final class PackedExamples implements TrainingSet {

    private final ExampleSet examples;
    private final int[][] rows; // the examples of each
    private final int longest;

    PackedExamples(ExampleSet examples, int room) {
        this.examples = examples;
        rows = rows(examples, room);
        longest = IntStream.range(0, rows.length).map(this::length).max().getAsInt();
    }

    private static int[][] rows(ExampleSet examples, int room) {
        List<List<Integer>> rows = new ArrayList<>();
        TreeMap<Integer, List<List<Integer>>> byRoom = new TreeMap<>();
        int[] order =
                IntStream.range(0, (int) examples.size())
                        .boxed()
                        .sorted(Comparator.comparingInt(i -> -examples.get(i).length()))
                        .mapToInt(Integer::intValue)
                        .toArray();
        for (int i : order) {
            int length = examples.get(i).length() - 1;
            Map.Entry<Integer, List<List<Integer>>> tightest = byRoom.ceilingEntry(length);
            int left = tightest == null ? room : tightest.getKey();
            List<Integer> row = tightest == null ? new ArrayList<>() : take(byRoom, left);
            if (tightest == null) {
                rows.add(row);
            }
            row.add(i);
            byRoom.computeIfAbsent(left - length, key -> new ArrayList<>()).add(row);
        }
        return rows.stream()
                .map(row -> row.stream().mapToInt(Integer::intValue).toArray())
                .toArray(int[][]::new);
    }

    private static List<Integer> take(TreeMap<Integer, List<List<Integer>>> byRoom, int room) {
        List<List<Integer>> rows = byRoom.get(room);
        List<Integer> row = rows.remove(rows.size() - 1);
        if (rows.isEmpty()) {
            byRoom.remove(room);
        }
        return row;
    }

    private int length(int row) {
        return IntStream.of(rows[row]).map(i -> examples.get(i).length() - 1).sum();
    }

    @Override
    public long size() {
        return rows.length;
    }

    @Override
    public NDList batch(NDManager manager, long... indices) {
        ExampleSet.requireIndices(indices, rows.length);
        int[] taken = Arrays.stream(indices).mapToInt(Math::toIntExact).toArray();
        int tokens = IntStream.of(taken).map(this::length).max().getAsInt();
        ExampleBatch batch = new ExampleBatch(taken.length, tokens, examples.paddingId());
        for (int row = 0; row < taken.length; row++) {
            int column = 0;
            for (int i : rows[taken[row]]) {
                column = batch.put(examples.get(i), row, column);
            }
        }
        return batch.packedArrays(manager);
    }

    @Override
    public int contextLength() {
        return longest;
    }

    @Override
    public String fingerprint() {
        return "%d rows of %s".formatted(rows.length, examples.fingerprint());
    }

    @Override
    public void requireIdsBelow(int vocabSize) {
        examples.requireIdsBelow(vocabSize);
    }
}
