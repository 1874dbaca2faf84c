package org.djlgpt.plot;

import java.awt.geom.Path2D;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * What a line runs through.
 *
 * @param x where, never falling; training steps, for example
 * @param y values, as many; NaN is a gap
 */
record Points(double[] x, double[] y) {

    /** Returns points whose values are gaps where they aren't finite. */
    static Points of(double[] x, double[] y) {
        return new Points(
                x.clone(),
                DoubleStream.of(y)
                        .map(value -> Double.isFinite(value) ? value : Double.NaN)
                        .toArray());
    }

    int size() {
        return x.length;
    }

    boolean hasValueAt(int index) {
        return index >= 0 && index < size() && !Double.isNaN(y[index]);
    }

    /**
     * Returns the exponential moving average, divided by the sum of its weights so that the first
     * values count in full; gaps stay gaps and weigh nothing.
     *
     * @param weight what the past counts for, from 0 (nothing) to below 1
     */
    Points smoothed(double weight) {
        double[] averages = y.clone();
        double sum = 0;
        double weights = 0;
        for (int i = 0; i < size(); i++) {
            if (hasValueAt(i)) {
                sum = weight * sum + (1 - weight) * y[i];
                weights = weight * weights + 1 - weight;
                averages[i] = sum / weights;
            }
        }
        return new Points(x, averages);
    }

    /** Returns the values that have a gap or an end on both sides, which a line would not show. */
    Points isolated() {
        return only(
                IntStream.range(0, size())
                        .filter(i -> hasValueAt(i) && !hasValueAt(i - 1) && !hasValueAt(i + 1))
                        .boxed()
                        .toList());
    }

    /** Returns the line through the values, broken at the gaps. */
    Path2D path(DoubleUnaryOperator across, DoubleUnaryOperator up) {
        Path2D path = new Path2D.Double();
        for (int i = 0; i < size(); i++) {
            if (hasValueAt(i - 1) && hasValueAt(i)) {
                path.lineTo(across.applyAsDouble(x[i]), up.applyAsDouble(y[i]));
            } else if (hasValueAt(i)) {
                path.moveTo(across.applyAsDouble(x[i]), up.applyAsDouble(y[i]));
            }
        }
        return path;
    }

    /**
     * Returns at most four points for each of the columns that x is divided into: first, lowest,
     * highest and last, so that a line drawn through them covers the same pixels (U. Jugel et al.,
     * M4: A Visualization-Oriented Time Series Data Aggregation, 2014). A gap narrower than a
     * column closes.
     */
    Points thinned(int columns) {
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
        double span = x[size() - 1] - x[0];
        return span == 0 ? 0 : (long) ((x[index] - x[0]) / span * columns);
    }

    private List<Integer> landmarks(int begin, int end) {
        int[] present = IntStream.range(begin, end).filter(this::hasValueAt).toArray();
        if (present.length == 0) {
            return List.of(begin);
        }
        int lowest = present[0];
        int highest = present[0];
        for (int index : present) {
            lowest = y[index] < y[lowest] ? index : lowest;
            highest = y[index] > y[highest] ? index : highest;
        }
        return IntStream.of(present[0], lowest, highest, present[present.length - 1])
                .sorted()
                .distinct()
                .boxed()
                .toList();
    }

    private Points only(List<Integer> indices) {
        return new Points(
                indices.stream().mapToDouble(i -> x[i]).toArray(),
                indices.stream().mapToDouble(i -> y[i]).toArray());
    }
}
