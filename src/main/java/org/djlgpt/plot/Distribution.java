package org.djlgpt.plot;

import java.awt.Dimension;
import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.List;

/**
 * Bars side by side, such as the probabilities of the next token at several temperatures, or the
 * speed of several variants.
 *
 * <pre>{@code
 * Distribution.builder()
 *         .setLabels(List.of(" the", " a", "\n"))
 *         .addSeries("temperature 0.5", 0.86f, 0.12f, 0.02f)
 *         .addSeries("temperature 1", 0.66f, 0.24f, 0.10f)
 *         .build()
 *         .save(Path.of("next-token.png"));
 * }</pre>
 */
public final class Distribution extends Picture {

    private static final int AXIS_TITLE_WIDTH = 24;

    /** The room above the highest bar, for its value if there are values. */
    private static final int HEADROOM = 10;

    private static final int VALUE_HEIGHT = 42;

    private final BarDrawing bars;
    private final Heading heading;
    private final boolean values;
    private final String valueTitle;

    private Distribution(Builder builder) {
        super(builder.theme, new Dimension(builder.width, builder.height));
        values = builder.values;
        valueTitle = builder.valueTitle;
        List<String> names = builder.series.stream().map(BarDrawing.Bars::name).toList();
        heading = new Heading(builder.title, names, Heading.BOX, builder.width);
        int top = heading.bottom() + (values ? VALUE_HEIGHT : HEADROOM);
        int left = Heading.MARGIN + AXIS_TITLE_WIDTH;
        Rectangle frame =
                new Rectangle(
                        left,
                        top,
                        builder.width - left - Heading.MARGIN,
                        builder.height - top - Heading.MARGIN);
        List<String> labels = builder.labels.stream().map(TokenLabel::shortened).toList();
        bars = new BarDrawing(labels, List.copyOf(builder.series), builder.theme, frame);
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
        heading.draw(pen, bars::drawSample);
        bars.draw(pen, values);
        pen.writeBeside(bars.plot(), valueTitle, PlotTheme.AXIS_FONT, Heading.MARGIN + 12);
    }

    /** Builds a {@link Distribution}. */
    public static final class Builder extends PlotBuilder<Builder> {

        private static final int MAX_LABELS = 200;

        private List<String> labels = List.of();
        private final List<BarDrawing.Bars> series = new ArrayList<>();
        private boolean values;
        private String valueTitle = "probability";

        private Builder() {
            super("", 480);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets what the groups of bars stand for.
         *
         * @param labels 1 to 200 texts such as tokens, whose spaces, line breaks and the like
         *     become visible; at most 20 characters of each are shown
         * @return this builder
         */
        public Builder setLabels(List<String> labels) {
            this.labels = List.copyOf(labels);
            return this;
        }

        /**
         * Adds a series, at least one and at most five, each in a color of its own.
         *
         * @param name its name in the legend
         * @param values a finite number of at least 0 for each label; copied
         * @return this builder
         */
        public Builder addSeries(String name, float... values) {
            series.add(BarDrawing.Bars.of(name, values));
            return this;
        }

        /**
         * Sets whether each bar bears its value. Default: false.
         *
         * @param values true to write the values
         * @return this builder
         */
        public Builder optValues(boolean values) {
            this.values = values;
            return this;
        }

        /**
         * Sets what the values are. Default: {@code probability}.
         *
         * @param title the axis title, with the unit
         * @return this builder
         */
        public Builder optValueTitle(String title) {
            valueTitle = title;
            return this;
        }

        /**
         * Builds the bars.
         *
         * @return the distribution
         * @throws IllegalArgumentException if there are no labels or more than 200, no series or
         *     more than five, values are not as many as labels, or a value or the size is out of
         *     range
         */
        public Distribution build() {
            if (labels.isEmpty() || labels.size() > MAX_LABELS) {
                throw new IllegalArgumentException(
                        "%d labels; give 1 to %d with setLabels, such as the likeliest tokens"
                                .formatted(labels.size(), MAX_LABELS));
            }
            requireSeries(series.size());
            series.forEach(bars -> bars.requireOneFor(labels));
            requireSize();
            return new Distribution(this);
        }
    }
}
