package org.djlgpt.plot;

import org.djlgpt.plot.LineDrawing.Line;

import java.awt.BasicStroke;
import java.awt.Dimension;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Lines over the same numbers: functions, or how something grows. A value that is NaN or infinite
 * leaves a gap.
 *
 * <pre>{@code
 * LineChart.builder()
 *         .setX(-1, 0, 1)
 *         .addSeries("square", 1, 0, 1)
 *         .addSeries("cube", -1, 0, 1)
 *         .build()
 *         .save(Path.of("powers.svg"));
 * }</pre>
 */
public final class LineChart extends Picture {

    private final LineDrawing drawing;

    private LineChart(Builder builder) {
        super(builder.theme, new Dimension(builder.width, builder.height));
        double first = builder.x[0];
        double last = builder.x[builder.x.length - 1];
        drawing =
                new LineDrawing(
                        builder.title,
                        IntStream.range(0, builder.series.size()).mapToObj(builder::line).toList(),
                        new LineDrawing.Below(first, last, builder.xTitle, ValueAxis::text),
                        builder.valueTitle,
                        builder.theme,
                        size());
    }

    /**
     * Creates a builder.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    void draw(Pen pen) {
        drawing.draw(pen);
    }

    /** Builds a {@link LineChart}. */
    public static final class Builder extends PlotBuilder<Builder> {

        private record Series(String name, double[] values) {}

        private double[] x = {};
        private final List<Series> series = new ArrayList<>();
        private String xTitle = "";
        private String valueTitle = "";

        private Builder() {
            super("", 480);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets what the lines run over.
         *
         * @param x at least two finite numbers, each above the one before; copied
         * @return this builder
         */
        public Builder setX(float... x) {
            this.x = widened(x);
            return this;
        }

        /**
         * Adds a series, at least one and at most five, each in a color and a stroke of its own.
         *
         * @param name its name in the legend
         * @param values a number for each x; copied
         * @return this builder
         */
        public Builder addSeries(String name, float... values) {
            series.add(new Series(name, widened(values)));
            return this;
        }

        /**
         * Sets what x is. Default: none.
         *
         * @param title the axis title, with the unit
         * @return this builder
         */
        public Builder optXTitle(String title) {
            xTitle = title;
            return this;
        }

        /**
         * Sets what the values are. Default: none.
         *
         * @param title the axis title, with the unit
         * @return this builder
         */
        public Builder optValueTitle(String title) {
            valueTitle = title;
            return this;
        }

        private static double[] widened(float[] numbers) {
            return IntStream.range(0, numbers.length).mapToDouble(i -> numbers[i]).toArray();
        }

        private Line line(int index) {
            Series one = series.get(index);
            BasicStroke stroke = index == 0 ? LineDrawing.THICK : LineDrawing.DASHED.get(index - 1);
            Points points = Points.of(x, one.values);
            return new Line(one.name, points, stroke, theme.series().get(index), false);
        }

        /**
         * Builds the chart.
         *
         * @return the chart
         * @throws IllegalArgumentException if x has fewer than two numbers or does not rise, there
         *     are no series or more than five, values are not as many as x, or the size is out of
         *     range
         */
        public LineChart build() {
            if (x.length < 2) {
                throw new IllegalArgumentException(
                        "%d numbers to run over; give at least 2 with setX".formatted(x.length));
            }
            for (int i = 0; i < x.length; i++) {
                if (!Double.isFinite(x[i]) || i > 0 && !(x[i] > x[i - 1])) {
                    throw new IllegalArgumentException(
                            "x[%d]=%s must be finite and above the number before it"
                                    .formatted(i, x[i]));
                }
            }
            requireSeries(series.size());
            for (Series one : series) {
                if (one.values.length != x.length) {
                    throw new IllegalArgumentException(
                            "series '%s': %d values but %d numbers to run over; give one for each"
                                    .formatted(one.name, one.values.length, x.length));
                }
            }
            requireSize();
            return new LineChart(this);
        }
    }
}
