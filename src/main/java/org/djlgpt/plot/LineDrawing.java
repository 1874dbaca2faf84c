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
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Draws lines between their axes.
 *
 * @param title what stands above, or blank
 * @param lines the lines, those in front last
 * @param below what they run over
 * @param valueTitle what their values are
 * @param theme the colors of the axes
 * @param size of the picture
 */
record LineDrawing(
        String title,
        List<Line> lines,
        Below below,
        String valueTitle,
        PlotTheme theme,
        Dimension size) {

    static final BasicStroke THIN = stroke(1.25f);
    static final BasicStroke THICK = stroke(2.25f);

    /** With three colors, twelve lines before two look alike. */
    static final List<BasicStroke> DASHED =
            List.of(
                    stroke(2.25f, 10, 5), stroke(2.25f, 2, 4),
                    stroke(2.25f, 12, 4, 2, 4), stroke(2.25f, 5, 3));

    private static final int MARKER = 8;
    private static final Font LABEL_FONT = PlotTheme.LABEL_FONT;
    private static final int SAMPLE = 36;
    private static final int AXIS_TITLE_WIDTH = 24;
    private static final int BELOW = 44;
    private static final int HEADROOM = 10;

    /** The distance of the first and the last point from the plot's edge. */
    private static final int INSET = 8;

    /** The least distance of ticks beside the plot, and of labels below it. */
    private static final int TICK_HEIGHT = 44;

    private static final int TICK_SPACE = 40;
    private static final int MOST_STEPS = 10;

    /** Values that lie closer, in proportion, are a level line. */
    private static final double LEVEL = 1e-12;

    /**
     * A line of the chart.
     *
     * @param marked whether each of its points is marked
     */
    record Line(String label, Points points, BasicStroke stroke, Color color, boolean marked) {}

    /**
     * The axis below the lines.
     *
     * @param first where it begins
     * @param last where it ends, above
     * @param title what it is
     * @param text writes the number at a tick
     */
    record Below(double first, double last, String title, Function<BigDecimal, String> text) {

        double width() {
            return Math.max(width(first), width(last));
        }

        private double width(double end) {
            return FittedTitle.width(text.apply(BigDecimal.valueOf(end)), LABEL_FONT);
        }
    }

    /**
     * Where a point of the chart lies in the picture.
     *
     * @param plot what the axes enclose
     * @param below the axis below it
     * @param beside the axis beside it
     */
    private record Plane(Rectangle plot, ValueAxis below, ValueAxis beside) {

        double x(double number) {
            return plot.x + INSET + (plot.width - 2 * INSET) * below.share(number);
        }

        double y(double value) {
            return beside.y(value, plot);
        }
    }

    private static BasicStroke stroke(float width, float... dashes) {
        return dashes.length == 0
                ? new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND)
                : new BasicStroke(
                        width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, dashes, 0);
    }

    private ValueAxis beside() {
        int most = mostSteps(height(), TICK_HEIGHT);
        DoubleSummaryStatistics values =
                lines.stream()
                        .flatMapToDouble(line -> DoubleStream.of(line.points.y()))
                        .filter(Double::isFinite)
                        .summaryStatistics();
        if (values.getCount() == 0) {
            return ValueAxis.around(0, 1, most);
        }
        double low = values.getMin();
        double high = values.getMax();
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

    /** Returns how many pixels the legend leaves for the lines. */
    int height() {
        return size.height - heading().bottom() - HEADROOM - BELOW - Heading.MARGIN;
    }

    private Plane plane() {
        ValueAxis beside = beside();
        double label = below.width();
        int left = Heading.MARGIN + AXIS_TITLE_WIDTH + beside.width(LABEL_FONT);
        int right = Math.max(Heading.MARGIN, (int) label / 2);
        int top = heading().bottom() + HEADROOM;
        Rectangle plot = new Rectangle(left, top, size.width - left - right, height());
        int most = mostSteps(plot.width, label + TICK_SPACE);
        ValueAxis axis = ValueAxis.around(below.first, below.last, most);
        return new Plane(plot, axis.cutTo(below.first, below.last), beside);
    }

    void draw(Pen pen) {
        heading().draw(pen, (graphics, i, place) -> drawSample(pen, lines.get(i), place));
        Plane plane = plane();
        pen.sharply(() -> drawGrid(pen.graphics(), plane));
        plane.beside.writeBeside(plane.plot, pen, LABEL_FONT);
        for (BigDecimal tick : plane.below.ticks()) {
            double x = plane.x(tick.doubleValue());
            pen.writeAround(below.text.apply(tick), LABEL_FONT, x, plane.plot.getMaxY() + 18);
        }
        Font font = PlotTheme.AXIS_FONT;
        pen.writeBeside(plane.plot, valueTitle, font, Heading.MARGIN + 12);
        pen.writeAround(below.title, font, plane.plot.getCenterX(), plane.plot.getMaxY() + BELOW);
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
        plane.beside.drawAcross(plot, graphics);
        for (BigDecimal tick : plane.below.ticks()) {
            int x = (int) Math.round(plane.x(tick.doubleValue()));
            graphics.drawLine(x, plot.y, x, bottom);
        }
        graphics.setColor(theme.foreground());
        graphics.drawLine(plot.x, plot.y, plot.x, bottom);
        graphics.drawLine(plot.x, bottom, plot.x + plot.width, bottom);
    }

    private void drawLine(Pen pen, Line line, Plane plane) {
        Points points = line.points.thinned(size.width);
        pen.trace(points.path(plane::x, plane::y), line.stroke, line.color);
        Points marked = line.marked ? points : points.isolated();
        IntStream.range(0, marked.size())
                .filter(marked::hasValueAt)
                .mapToObj(i -> marker(plane.x(marked.x()[i]), plane.y(marked.y()[i])))
                .forEach(pen.graphics()::fill);
    }

    private static Shape marker(double x, double y) {
        return new Ellipse2D.Double(x - MARKER / 2.0, y - MARKER / 2.0, MARKER, MARKER);
    }
}
