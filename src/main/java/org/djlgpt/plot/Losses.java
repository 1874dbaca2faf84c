package org.djlgpt.plot;

import java.awt.geom.Path2D;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
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

    /** Losses as a run gives them, unchecked. */
    static final class Collector {

        /** Far beyond any run, and each such step is a double. */
        private static final long MAX_STEP = 1_000_000_000_000L;

        private final String name;
        private final List<Long> steps = new ArrayList<>();
        private final List<Double> values = new ArrayList<>();
        private boolean isUsed;

        Collector(String name) {
            this.name = name;
        }

        void set(long[] steps, double[] values) {
            this.steps.clear();
            this.values.clear();
            LongStream.of(steps).forEach(this.steps::add);
            DoubleStream.of(values).forEach(this.values::add);
            isUsed = true;
        }

        void add(long step, double value) {
            steps.add(step);
            values.add(value);
            isUsed = true;
        }

        /** Returns whether losses were given, be it none. */
        boolean isUsed() {
            return isUsed;
        }

        Losses losses() {
            if (steps.size() != values.size()) {
                throw new IllegalArgumentException(
                        "%s: %d steps but %d losses; give one loss for each step"
                                .formatted(name, steps.size(), values.size()));
            }
            long before = 0;
            for (long step : steps) {
                if (step < 0 || step > MAX_STEP) {
                    throw new IllegalArgumentException(
                            "%s: step %d must be from 0 to %d; count from the start of the run"
                                    .formatted(name, step, MAX_STEP));
                }
                if (step < before) {
                    throw new IllegalArgumentException(
                            "%s: step %d follows step %d; sort the points by step"
                                    .formatted(name, step, before));
                }
                before = step;
            }
            return new Losses(
                    steps.stream().mapToDouble(step -> step).toArray(),
                    values.stream()
                            .mapToDouble(value -> Double.isFinite(value) ? value : Double.NaN)
                            .toArray());
        }
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

    /** Returns the line through the values, broken at the gaps. */
    Path2D path(DoubleUnaryOperator x, DoubleUnaryOperator y) {
        Path2D path = new Path2D.Double();
        for (int i = 0; i < size(); i++) {
            if (hasValueAt(i - 1) && hasValueAt(i)) {
                path.lineTo(x.applyAsDouble(steps[i]), y.applyAsDouble(values[i]));
            } else if (hasValueAt(i)) {
                path.moveTo(x.applyAsDouble(steps[i]), y.applyAsDouble(values[i]));
            }
        }
        return path;
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
