package org.djlgpt.plot;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Point;
import java.awt.Rectangle;
import java.awt.geom.Rectangle2D;
import java.util.List;
import java.util.stream.IntStream;

/** Draws groups of bars with their axes. */
final class BarDrawing {

    private static final Font LABEL_FONT = PlotTheme.LABEL_FONT;
    private static final Font VALUE_FONT = PlotTheme.font(Font.PLAIN, 11);

    private static final int MOST_STEPS = 6;
    private static final int GAP = ValueAxis.GAP;
    private static final int LINE = 16;

    /** The share of its place that a group of bars fills. */
    private static final double FILLED = 0.8;

    /**
     * A series of bars.
     *
     * @param name its name in the legend
     * @param heights a bar for each label
     */
    record Bars(String name, List<Double> heights) {

        static Bars of(String name, float... heights) {
            return new Bars(
                    name,
                    IntStream.range(0, heights.length).mapToObj(i -> (double) heights[i]).toList());
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

    private final List<String> labels;
    private final List<Bars> series;
    private final PlotTheme theme;
    private final Rectangle plot;
    private final ValueAxis axis;

    /**
     * Prepares a drawing.
     *
     * @param frame the room for bars, axes and labels
     */
    BarDrawing(List<String> labels, List<Bars> series, PlotTheme theme, Rectangle frame) {
        this.labels = labels;
        this.series = series;
        this.theme = theme;
        double largest = series.stream().mapToDouble(Bars::largest).max().orElseThrow();
        axis = ValueAxis.around(0, largest > 0 ? largest : 1, MOST_STEPS);
        int left = axis.width(LABEL_FONT);
        int wide = frame.width - left;
        int below = GAP + (isUpright(wide) ? (int) Math.ceil(widest()) : LINE);
        plot = new Rectangle(frame.x + left, frame.y, wide, frame.height - below);
    }

    private double widest() {
        return labels.stream()
                .mapToDouble(label -> FittedTitle.width(label, LABEL_FONT))
                .max()
                .orElseThrow();
    }

    private boolean isUpright(int wide) {
        return widest() + GAP > Math.max(LINE, (double) wide / labels.size());
    }

    /** Returns where the bars are. */
    Rectangle plot() {
        return plot;
    }

    /** Draws the color of a series. */
    void drawSample(Graphics2D graphics, int index, Point place) {
        graphics.setColor(theme.series().get(index));
        graphics.fillRect(place.x, place.y, Heading.BOX, Heading.BOX);
    }

    void draw(Pen pen, boolean values) {
        pen.sharply(() -> drawGridAndBars(pen.graphics()));
        axis.writeBeside(plot, pen, LABEL_FONT);
        if (values) {
            writeValues(pen);
        }
        writeLabels(pen);
    }

    private void drawGridAndBars(Graphics2D graphics) {
        graphics.setColor(theme.grid());
        axis.drawAcross(plot, graphics);
        for (int index = 0; index < series.size(); index++) {
            graphics.setColor(theme.series().get(index));
            for (int label = 0; label < labels.size(); label++) {
                graphics.fill(bar(label, index));
            }
        }
        graphics.setColor(theme.foreground());
        int bottom = plot.y + plot.height;
        graphics.drawLine(plot.x, bottom, plot.x + plot.width, bottom);
    }

    private Rectangle2D bar(int label, int index) {
        double width = place() * FILLED / series.size();
        double left = plot.x + (label + (1 - FILLED) / 2) * place() + index * width;
        double top = axis.y(series.get(index).heights().get(label), plot);
        double gap = width >= 8 ? 1 : 0;
        return new Rectangle2D.Double(left, top, width - gap, plot.y + plot.height - top);
    }

    /** The width of a group of bars with the space around it. */
    private double place() {
        return (double) plot.width / labels.size();
    }

    /** Above the bars, upright if one of them is wider than its bar. */
    private void writeValues(Pen pen) {
        double barWidth = bar(0, 0).getWidth();
        boolean upright =
                series.stream()
                        .flatMap(bars -> bars.heights().stream())
                        .anyMatch(v -> FittedTitle.width(text(v), VALUE_FONT) > barWidth);
        for (int index = 0; index < series.size(); index++) {
            for (int label = 0; label < labels.size(); label++) {
                String text = text(series.get(index).heights().get(label));
                Rectangle2D bar = bar(label, index);
                if (upright) {
                    pen.writeUpwards(text, VALUE_FONT, bar.getCenterX() + 4, bar.getY() - 4);
                } else {
                    pen.writeAround(text, VALUE_FONT, bar.getCenterX(), bar.getY() - 4);
                }
            }
        }
    }

    private static String text(double value) {
        return ValueAxis.text(value, 3);
    }

    private void writeLabels(Pen pen) {
        boolean upright = isUpright(plot.width);
        int stride = (int) Math.ceil(LINE / place());
        double top = plot.getMaxY() + GAP;
        for (int i = 0; i < labels.size(); i += stride) {
            double middle = plot.x + (i + 0.5) * place();
            if (upright) {
                double width = FittedTitle.width(labels.get(i), LABEL_FONT);
                pen.writeUpwards(labels.get(i), LABEL_FONT, middle + 5, top + width);
            } else {
                pen.writeAround(labels.get(i), LABEL_FONT, middle, top + 12);
            }
        }
    }
}
