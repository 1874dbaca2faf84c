package org.djlgpt.plot;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.geom.Rectangle2D;
import java.util.List;

/** Draws groups of bars with their axes; what a bar's color means is the legend's to say. */
final class BarDrawing {

    private static final Font LABEL_FONT = PlotTheme.font(Font.PLAIN, 13);
    private static final Font VALUE_FONT = PlotTheme.font(Font.PLAIN, 11);

    private static final int GAP = 6;
    private static final int LINE = 16;

    /** The share of its place that a group of bars fills. */
    private static final double FILLED = 0.8;

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
        axis = ValueAxis.upTo(series.stream().mapToDouble(Bars::largest).max().orElseThrow());
        int left = (int) Math.ceil(axis.widest(LABEL_FONT)) + GAP;
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

    void draw(Graphics2D graphics, boolean values) {
        Pen pen = new Pen(graphics, theme.foreground());
        pen.sharply(() -> drawGridAndBars(graphics));
        for (double tick : axis.ticks()) {
            pen.writeUpTo(Digits.of(tick, 3), LABEL_FONT, plot.x - GAP, y(tick) + 5);
        }
        if (values) {
            writeValues(pen);
        }
        writeLabels(pen);
    }

    private void drawGridAndBars(Graphics2D graphics) {
        graphics.setColor(theme.grid());
        for (double tick : axis.ticks()) {
            drawLine(graphics, y(tick));
        }
        for (int index = 0; index < series.size(); index++) {
            graphics.setColor(theme.series().get(index));
            for (int label = 0; label < labels.size(); label++) {
                graphics.fill(bar(label, index));
            }
        }
        graphics.setColor(theme.foreground());
        drawLine(graphics, y(0));
    }

    private void drawLine(Graphics2D graphics, double y) {
        int row = (int) Math.round(y);
        graphics.drawLine(plot.x, row, plot.x + plot.width, row);
    }

    private Rectangle2D bar(int label, int index) {
        double width = place() * FILLED / series.size();
        double left = plot.x + (label + (1 - FILLED) / 2) * place() + index * width;
        double top = y(series.get(index).heights().get(label));
        double gap = width >= 8 ? 1 : 0;
        return new Rectangle2D.Double(left, top, width - gap, plot.y + plot.height - top);
    }

    /** The width of a group of bars with the space around it. */
    private double place() {
        return (double) plot.width / labels.size();
    }

    private double y(double value) {
        return plot.y + plot.height * (1 - value / axis.end());
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
        return Digits.of(value, 3);
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
