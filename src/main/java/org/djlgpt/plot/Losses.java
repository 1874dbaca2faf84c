package org.djlgpt.plot;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Losses by step.
 *
 * @param steps training steps, never falling
 * @param values losses in nats per token, as many; a value that isn't finite is a gap
 */
record Losses(double[] steps, double[] values) {

    /** Far beyond any run, and below 1e15, from where on XChart does not come to an end. */
    private static final long MAX_STEP = 1_000_000_000_000L;

    static Losses of(String what, long[] steps, double[] values) {
        if (steps.length != values.length) {
            throw new IllegalArgumentException(
                    what
                            + ": "
                            + steps.length
                            + " steps but "
                            + values.length
                            + " losses; give one loss for each step");
        }
        for (int i = 0; i < steps.length; i++) {
            if (steps[i] < 0 || steps[i] > MAX_STEP) {
                throw new IllegalArgumentException(
                        what
                                + ": step "
                                + steps[i]
                                + " must be from 0 to "
                                + MAX_STEP
                                + "; count steps from the start of the run");
            }
            if (i > 0 && steps[i] < steps[i - 1]) {
                throw new IllegalArgumentException(
                        what
                                + ": step "
                                + steps[i]
                                + " follows step "
                                + steps[i - 1]
                                + "; sort the points by step");
            }
        }
        return new Losses(
                LongStream.of(steps).mapToDouble(step -> step).toArray(),
                DoubleStream.of(values)
                        .map(value -> Double.isFinite(value) ? value : Double.NaN)
                        .toArray());
    }

    int size() {
        return steps.length;
    }

    boolean hasValueAt(int index) {
        return index >= 0 && index < size() && !Double.isNaN(values[index]);
    }

    /**
     * Returns the exponential moving average, divided by the sum of its weights so that the first
     * values count in full; gaps stay gaps and weigh nothing.
     *
     * @param weight what the past counts for, from 0 (nothing) to below 1
     */
    Losses smoothed(double weight) {
        double[] averages = values.clone();
        double sum = 0;
        double weights = 0;
        for (int i = 0; i < size(); i++) {
            if (hasValueAt(i)) {
                sum = weight * sum + (1 - weight) * values[i];
                weights = weight * weights + 1 - weight;
                averages[i] = sum / weights;
            }
        }
        return new Losses(steps, averages);
    }

    /** Returns the values that have a gap or an end on both sides, which a line would not show. */
    Losses isolated() {
        return only(
                IntStream.range(0, size())
                        .filter(i -> hasValueAt(i) && !hasValueAt(i - 1) && !hasValueAt(i + 1))
                        .boxed()
                        .toList());
    }

    /**
     * Returns at most four points for each of the columns that the steps are divided into: first,
     * lowest, highest and last, so that a line drawn through them covers the same pixels (U. Jugel
     * et al., M4: A Visualization-Oriented Time Series Data Aggregation, 2014). A gap narrower than
     * a column closes.
     */
    Losses thinned(int columns) {
        if (size() <= 4 * columns) {
            return this;
        }
        List<Integer> kept = new ArrayList<>();
        int begin = 0;
        while (begin < size()) {
            int end = begin + 1;
            while (end < size() && column(end, columns) == column(begin, columns)) {
                end++;
            }
            kept.addAll(landmarks(begin, end));
            begin = end;
        }
        return only(kept);
    }

    private long column(int index, int columns) {
        double span = steps[size() - 1] - steps[0];
        return span == 0 ? 0 : (long) ((steps[index] - steps[0]) / span * columns);
    }

    private List<Integer> landmarks(int begin, int end) {
        int[] present = IntStream.range(begin, end).filter(this::hasValueAt).toArray();
        if (present.length == 0) {
            return List.of(begin);
        }
        int lowest = present[0];
        int highest = present[0];
        for (int index : present) {
            lowest = values[index] < values[lowest] ? index : lowest;
            highest = values[index] > values[highest] ? index : highest;
        }
        return IntStream.of(present[0], lowest, highest, present[present.length - 1])
                .sorted()
                .distinct()
                .boxed()
                .toList();
    }

    private Losses only(List<Integer> indices) {
        return new Losses(
                indices.stream().mapToDouble(i -> steps[i]).toArray(),
                indices.stream().mapToDouble(i -> values[i]).toArray());
    }
}
