package org.djlgpt.plot;

import org.djlgpt.plot.LineDrawing.Line;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** Draws losses over steps; which line looks how is decided here. */
final class LossDrawing {

    /** Markers closer than this many pixels would hide the line. */
    private static final int MARKER_SPACING = 12;

    private static final int LEAST_HEIGHT = 80;

    private final String title;
    private final PlotTheme theme;
    private final Dimension size;
    private final List<Line> lines = new ArrayList<>();
    private final DoubleSummaryStatistics steps = new DoubleSummaryStatistics();
    private boolean isEmpty = true;

    LossDrawing(String title, PlotTheme theme, Dimension size) {
        this.title = title;
        this.theme = theme;
        this.size = size;
    }

    void addTraining(Points raw, double smoothing) {
        Color color = theme.series().get(0);
        if (smoothing > 0) {
            add("training, raw", raw, LineDrawing.THIN, theme.faint(color), false);
            add("training, smoothed", raw.smoothed(smoothing), LineDrawing.THIN, color, false);
        } else {
            add("training", raw, LineDrawing.THIN, color, false);
        }
    }

    void addValidation(Points losses) {
        boolean isCrowded = losses.size() > size.width / MARKER_SPACING;
        add("validation", losses, LineDrawing.THICK, theme.series().get(1), !isCrowded);
    }

    private void add(String label, Points losses, BasicStroke stroke, Color color, boolean marked) {
        if (losses.size() > 0) {
            DoubleStream.of(losses.x()).forEach(steps::accept);
            isEmpty &= DoubleStream.of(losses.y()).allMatch(Double::isNaN);
            lines.add(new Line(label, losses, stroke, color, marked));
        }
    }

    /** Adds level lines from the first step to the last of what was added before. */
    void addBaselines(List<LossCurve.Baseline> baselines) {
        List<Color> colors = theme.series().subList(2, theme.series().size());
        for (int i = 0; i < baselines.size(); i++) {
            double loss = baselines.get(i).loss();
            lines.add(
                    new Line(
                            String.format(Locale.ROOT, "%s: %.2f", baselines.get(i).label(), loss),
                            new Points(new double[] {first(), last()}, new double[] {loss, loss}),
                            LineDrawing.DASHED.get(i % LineDrawing.DASHED.size()),
                            colors.get(i % colors.size()),
                            false));
        }
    }

    /** Returns the first step, or 0 if that is near. */
    private double first() {
        double first = steps.getCount() == 0 ? 0 : steps.getMin();
        return first > 0 && first < last() / 10 ? 0 : first;
    }

    /** Returns the last step, or 10 steps from the first if there are fewer. */
    private double last() {
        double first = steps.getCount() == 0 ? 0 : steps.getMin();
        return Math.max(steps.getMax(), first + 10);
    }

    /** Refuses a legend so long that the lines have no room. */
    void requireRoom() {
        int room = drawing().height();
        if (room < LEAST_HEIGHT) {
            throw new IllegalArgumentException(
                    "the legend leaves %d pixels of height, fewer than %d; shorten the labels of baselines or make the picture larger"
                            .formatted(room, LEAST_HEIGHT));
        }
    }

    void draw(Pen pen) {
        drawing().draw(pen);
    }

    private LineDrawing drawing() {
        String below = isEmpty ? "step (no points yet)" : "step";
        return new LineDrawing(
                title,
                lines,
                new LineDrawing.Below(
                        first(), last(), below, step -> String.format(Locale.ROOT, "%,.0f", step)),
                "loss (nats per token)",
                theme,
                size);
    }
}
