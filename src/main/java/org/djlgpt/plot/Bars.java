package org.djlgpt.plot;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A series of bars.
 *
 * @param name its name in the legend
 * @param heights a bar for each label
 */
record Bars(String name, List<Double> heights) {

    Bars(String name, float[] heights) {
        this(name, IntStream.range(0, heights.length).mapToObj(i -> (double) heights[i]).toList());
    }

    double largest() {
        return heights.stream().mapToDouble(height -> height).max().orElse(0);
    }

    /** Refuses bars that are not as many as labels, and heights that can't be drawn. */
    void requireOneFor(List<String> labels) {
        if (heights.size() != labels.size()) {
            throw new IllegalArgumentException(
                    "series '%s': %d values but %d labels; give one value for each label"
                            .formatted(name, heights.size(), labels.size()));
        }
        for (double height : heights) {
            if (!(height >= 0 && height < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "series '%s': the value %s must be finite and at least 0"
                                .formatted(name, height));
            }
        }
    }
}
