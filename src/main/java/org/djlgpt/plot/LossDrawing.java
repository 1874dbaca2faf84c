package org.djlgpt.plot;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Point;
import java.awt.Rectangle;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Draws losses over steps; which line looks how is decided here. */
final class LossDrawing {

    private static final BasicStroke THIN = line(1.25f);
    private static final BasicStroke THICK = line(2.25f);

    /** Three colors and four patterns: twelve baselines before two look alike. */
    private static final List<BasicStroke> DASHED =
            List.of(
                    line(2.25f, 10, 5), line(2.25f, 2, 4),
                    line(2.25f, 12, 4, 2, 4), line(2.25f, 5, 3));

    private static final int MARKER = 8;

    /** Markers closer than this many pixels would hide the line. */
    private static final int MARKER_SPACING = 12;

    private static final Font LABEL_FONT = PlotTheme.LABEL_FONT;
    private static final int SAMPLE = 36;
    private static final int AXIS_TITLE_WIDTH = 24;
    private static final int BELOW = 44;
    private static final int HEADROOM = 10;
    private static final int LEAST_HEIGHT = 80;

    /** The distance of the first and the last step from the plot's edge. */
    private static final int INSET = 8;

    /** The least distance of ticks at the losses, and of labels at the steps. */
    private static final int TICK_HEIGHT = 44;

    private static final int TICK_SPACE = 40;
    private static final int MOST_STEPS = 10;

    /** Losses that lie closer, in proportion, are a level line. */
    private static final double LEVEL = 1e-12;

    /**
     * A line of the chart.
     *
     * @param marked whether each of its points is marked
     */
    private record Line(
            String label, Losses points, BasicStroke stroke, Color color, boolean marked) {}

    /**
     * Where a point of the chart lies in the picture.
     *
     * @param plot what the axes enclose
     * @param steps the axis below it
     * @param losses the axis beside it
     */
    private record Plane(Rectangle plot, ValueAxis steps, ValueAxis losses) {

        double x(double step) {
            return plot.x + INSET + (plot.width - 2 * INSET) * steps.share(step);
        }

        double y(double loss) {
            return losses.y(loss, plot);
        }
    }

    private final String title;
    private final PlotTheme theme;
    private final Dimension size;
    private final List<Line> lines = new ArrayList<>();
    private final DoubleSummaryStatistics steps = new DoubleSummaryStatistics();
    private final DoubleSummaryStatistics losses = new DoubleSummaryStatistics();
    private boolean isEmpty = true;

    LossDrawing(String title, PlotTheme theme, Dimension size) {
        this.title = title;
        this.theme = theme;
        this.size = size;
    }

    private static BasicStroke line(float width, float... dashes) {
        return dashes.length == 0
                ? new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND)
                : new BasicStroke(
                        width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, dashes, 0);
    }

    void addTraining(Losses raw, double smoothing) {
        Color color = theme.series().get(0);
        if (smoothing > 0) {
            add("training, raw", raw, THIN, theme.faint(color), false);
            add("training, smoothed", raw.smoothed(smoothing), THIN, color, false);
        } else {
            add("training", raw, THIN, color, false);
        }
    }

    void addValidation(Losses losses) {
        boolean isCrowded = losses.size() > size.width / MARKER_SPACING;
        add("validation", losses, THICK, theme.series().get(1), !isCrowded);
    }

    private void add(String label, Losses points, BasicStroke stroke, Color color, boolean marked) {
        if (points.size() > 0) {
            DoubleStream.of(points.steps()).forEach(steps::accept);
            DoubleStream.of(points.values()).filter(Double::isFinite).forEach(losses::accept);
            isEmpty = losses.getCount() == 0;
            lines.add(new Line(label, points.thinned(size.width), stroke, color, marked));
        }
    }

    /** Adds level lines from the first step to the last of what was added before. */
    void addBaselines(List<LossCurve.Baseline> baselines) {
        List<Color> colors = theme.series().subList(2, theme.series().size());
        for (int i = 0; i < baselines.size(); i++) {
            double loss = baselines.get(i).loss();
            losses.accept(loss);
            lines.add(
                    new Line(
                            String.format(Locale.ROOT, "%s: %.2f", baselines.get(i).label(), loss),
                            new Losses(stepRange(), new double[] {loss, loss}),
                            DASHED.get(i % DASHED.size()),
                            colors.get(i % colors.size()),
                            false));
        }
    }

    /** From the first step, or 0 if that is near, to the last, or 10 steps if there are fewer. */
    private double[] stepRange() {
        double first = steps.getCount() == 0 ? 0 : steps.getMin();
        double last = Math.max(steps.getMax(), first + 10);
        return new double[] {first > 0 && first < last / 10 ? 0 : first, last};
    }

    private ValueAxis lossAxis(int height) {
        int most = mostSteps(height, TICK_HEIGHT);
        if (losses.getCount() == 0) {
            return ValueAxis.around(0, 1, most);
        }
        double low = losses.getMin();
        double high = losses.getMax();
        double magnitude = Math.max(1, Math.max(Math.abs(low), Math.abs(high)));
        double widening = Math.min(magnitude / 2, Double.MAX_VALUE - magnitude);
        double margin = high - low < LEVEL * magnitude ? widening : 0;
        return ValueAxis.around(low - margin, high + margin, most);
    }

    private static int mostSteps(int room, double distance) {
        return Math.max(2, Math.min(MOST_STEPS, (int) (room / distance)));
    }

    private Heading heading() {
        return new Heading(title, lines.stream().map(Line::label).toList(), SAMPLE, size.width);
    }

    /** Refuses a legend so long that the lines have no room. */
    void requireRoom() {
        int room = height();
        if (room < LEAST_HEIGHT) {
            throw new IllegalArgumentException(
                    "the legend leaves %d pixels of height, fewer than %d; shorten the labels of baselines or make the picture larger"
                            .formatted(room, LEAST_HEIGHT));
        }
    }

    private int height() {
        return size.height - heading().bottom() - HEADROOM - BELOW - Heading.MARGIN;
    }

    private Plane plane() {
        ValueAxis beside = lossAxis(height());
        double[] range = stepRange();
        double label = FittedTitle.width(text(range[1]), LABEL_FONT);
        int left = Heading.MARGIN + AXIS_TITLE_WIDTH + beside.width(LABEL_FONT);
        int right = Math.max(Heading.MARGIN, (int) label / 2);
        int top = heading().bottom() + HEADROOM;
        Rectangle plot = new Rectangle(left, top, size.width - left - right, height());
        int most = mostSteps(plot.width, label + TICK_SPACE);
        ValueAxis below = ValueAxis.around(range[0], range[1], most).cutTo(range[0], range[1]);
        return new Plane(plot, below, beside);
    }

    private static String text(double step) {
        return String.format(Locale.ROOT, "%,.0f", step);
    }

    void draw(Pen pen) {
        heading().draw(pen, (graphics, i, place) -> drawSample(pen, lines.get(i), place));
        Plane plane = plane();
        pen.sharply(() -> drawGrid(pen.graphics(), plane));
        plane.losses.writeBeside(plane.plot, pen, LABEL_FONT);
        for (BigDecimal tick : plane.steps.ticks()) {
            double x = plane.x(tick.doubleValue());
            pen.writeAround(text(tick.doubleValue()), LABEL_FONT, x, plane.plot.getMaxY() + 18);
        }
        Font font = PlotTheme.AXIS_FONT;
        pen.writeBeside(plane.plot, "loss (nats per token)", font, Heading.MARGIN + 12);
        String below = isEmpty ? "step (no points yet)" : "step";
        pen.writeAround(below, font, plane.plot.getCenterX(), plane.plot.getMaxY() + BELOW);
        lines.forEach(line -> drawLine(pen, line, plane));
    }

    private void drawSample(Pen pen, Line line, Point place) {
        double y = place.y + Heading.BOX / 2.0;
        Shape sample = new Line2D.Double(place.x, y, place.x + SAMPLE, y);
        pen.trace(sample, line.stroke, line.color);
        if (line.marked) {
            pen.graphics().fill(marker(place.x + SAMPLE / 2.0, y));
        }
    }

    private void drawGrid(Graphics2D graphics, Plane plane) {
        Rectangle plot = plane.plot;
        int bottom = plot.y + plot.height;
        graphics.setColor(theme.grid());
        plane.losses.drawAcross(plot, graphics);
        for (BigDecimal tick : plane.steps.ticks()) {
            int x = (int) Math.round(plane.x(tick.doubleValue()));
            graphics.drawLine(x, plot.y, x, bottom);
        }
        graphics.setColor(theme.foreground());
        graphics.drawLine(plot.x, plot.y, plot.x, bottom);
        graphics.drawLine(plot.x, bottom, plot.x + plot.width, bottom);
    }

    private void drawLine(Pen pen, Line line, Plane plane) {
        pen.trace(line.points.path(plane::x, plane::y), line.stroke, line.color);
        Losses marked = line.marked ? line.points : line.points.isolated();
        IntStream.range(0, marked.size())
                .filter(marked::hasValueAt)
                .mapToObj(i -> marker(plane.x(marked.steps()[i]), plane.y(marked.values()[i])))
                .forEach(pen.graphics()::fill);
    }

    private static Shape marker(double x, double y) {
        return new Ellipse2D.Double(x - MARKER / 2.0, y - MARKER / 2.0, MARKER, MARKER);
    }
}
