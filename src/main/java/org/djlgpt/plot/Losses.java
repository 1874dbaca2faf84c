package org.djlgpt.plot;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/** Losses by step as a run gives them, unchecked. */
final class Losses {

    /** Far beyond any run, and each such step is a double. */
    private static final long MAX_STEP = 1_000_000_000_000L;

    private final String name;
    private final List<Long> steps = new ArrayList<>();
    private final List<Double> values = new ArrayList<>();
    private boolean isUsed;

    Losses(String name) {
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

    /** Checks the steps, and returns the losses at them. */
    Points points() {
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
        return Points.of(
                steps.stream().mapToDouble(step -> step).toArray(),
                values.stream().mapToDouble(value -> value).toArray());
    }
}
