package org.djlgpt.plot;

import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

import java.awt.BasicStroke;
import java.awt.Color;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** Turns losses into lines of a chart; which line looks how is decided here. */
final class LossChart {

    private static final float THIN = 1.25f;
    private static final float THICK = 2.25f;
    private static final int MARKER_SIZE = 8;

    /** Markers closer than this many pixels would hide the line. */
    private static final int MARKER_SPACING = 12;

    /** Three colors and four patterns: twelve baselines before two look alike. */
    private static final List<float[]> DASHES =
            List.of(
                    new float[] {10, 5},
                    new float[] {2, 4},
                    new float[] {12, 4, 2, 4},
                    new float[] {5, 3});

    /** The most of the image's width that XChart gives to the texts of a legend. */
    private static final double LEGEND_SHARE = 0.45;

    /** What axis, legend samples and paddings take beside the plot and its legend, in pixels. */
    private static final int MARGINS = 150;

    private final String title;
    private final XYChart chart;
    private final PlotTheme theme;
    private final DoubleSummaryStatistics steps = new DoubleSummaryStatistics();
    private final DoubleSummaryStatistics losses = new DoubleSummaryStatistics();
    private double legendWidth;
    private int drawn;

    LossChart(String title, PlotTheme theme, int width, int height) {
        this.title = title;
        this.theme = theme;
        chart =
                new XYChartBuilder()
                        .width(width)
                        .height(height)
                        .xAxisTitle("step")
                        .yAxisTitle("loss (nats per token)")
                        .build();
        theme.applyTo(chart.getStyler());
        chart.getStyler()
                .setXAxisDecimalPattern("#,##0.##")
                .setXAxisTickMarkSpacingHint(100)
                .setAxisTickPadding(6)
                .setLegendPosition(LegendPosition.OutsideE)
                .setLegendSeriesLineLength(36)
                .setMarkerSize(MARKER_SIZE)
                .setLocale(Locale.ROOT);
    }

    void addTraining(Losses raw, double smoothing) {
        Color color = theme.series().get(0);
        if (smoothing > 0) {
            addLine("training, raw", raw, solid(THIN), theme.faint(color), SeriesMarkers.NONE);
            Losses smoothed = raw.smoothed(smoothing);
            addLine("training, smoothed", smoothed, solid(THIN), color, SeriesMarkers.NONE);
        } else {
            addLine("training", raw, solid(THIN), color, SeriesMarkers.NONE);
        }
    }

    void addValidation(Losses losses) {
        boolean crowded = losses.size() > chart.getWidth() / MARKER_SPACING;
        Marker marker = crowded ? SeriesMarkers.NONE : SeriesMarkers.CIRCLE;
        addLine("validation", losses, solid(THICK), theme.series().get(1), marker);
    }

    /** Finishes the chart: baselines reach from the first step to the last of what was added. */
    XYChart finish(List<Baseline> baselines) {
        if (losses.getCount() == 0) {
            chart.setXAxisTitle("step (no points yet)");
        }
        baselines.forEach(baseline -> losses.accept(baseline.loss()));
        double[] x = stepRange();
        double[] y = lossRange();
        chart.getStyler().setXAxisMin(x[0]).setXAxisMax(x[1]).setYAxisMin(y[0]).setYAxisMax(y[1]);
        for (int i = 0; i < baselines.size(); i++) {
            addBaseline(baselines.get(i), i, x);
        }
        if (drawn > 0) {
            roundTicks(x);
        }
        chart.getStyler().setLegendVisible(legendWidth > 0);
        fitTitle();
        return chart;
    }

    private void fitTitle() {
        double legend = Math.min(legendWidth, LEGEND_SHARE * chart.getWidth());
        FittedTitle fitted =
                FittedTitle.of(
                        title,
                        chart.getStyler().getChartTitleFont(),
                        chart.getWidth() - MARGINS - legend);
        chart.setTitle(fitted.text());
        chart.getStyler().setChartTitleFont(fitted.font());
    }

    /**
     * XChart puts ticks on evenly spaced data, such as 1, 119 and 237, and round numbers elsewhere:
     * two gaps beyond the axis make any data uneven.
     */
    private void roundTicks(double[] x) {
        Losses gaps =
                new Losses(
                        new double[] {x[0] - 1, x[1] + 2}, new double[] {Double.NaN, Double.NaN});
        draw("", gaps, SeriesLines.NONE, theme.foreground(), SeriesMarkers.NONE);
    }

    private void addBaseline(Baseline baseline, int index, double[] x) {
        List<Color> colors = theme.series().subList(2, theme.series().size());
        Losses level = new Losses(x, new double[] {baseline.loss(), baseline.loss()});
        String label = String.format(Locale.ROOT, "%s: %.2f", baseline.label(), baseline.loss());
        BasicStroke dashed =
                new BasicStroke(
                        THICK,
                        BasicStroke.CAP_BUTT,
                        BasicStroke.JOIN_ROUND,
                        1,
                        DASHES.get(index % DASHES.size()),
                        0);
        Color color = colors.get(index % colors.size());
        draw(label, level, dashed, color, SeriesMarkers.NONE);
    }

    private void addLine(
            String label, Losses points, BasicStroke stroke, Color color, Marker marker) {
        if (points.size() == 0) {
            return;
        }
        DoubleStream.of(points.steps()).forEach(steps::accept);
        DoubleStream.of(points.values()).filter(Double::isFinite).forEach(losses::accept);
        Losses visible = points.thinned(chart.getWidth());
        draw(label, visible, stroke, color, marker);
        Losses isolated = visible.isolated();
        if (isolated.size() > 0) {
            draw("", isolated, SeriesLines.NONE, color, SeriesMarkers.CIRCLE);
        }
    }

    /** Draws one series; without a label it stays out of the legend. */
    private void draw(String label, Losses points, BasicStroke stroke, Color color, Marker marker) {
        XYSeries series = chart.addSeries("series " + drawn++, points.steps(), points.values());
        series.setLineStyle(stroke).setLineColor(color);
        series.setMarker(marker).setMarkerColor(color);
        series.setLabel(label).setShowInLegend(!label.isEmpty());
        legendWidth =
                Math.max(legendWidth, FittedTitle.width(label, chart.getStyler().getLegendFont()));
    }

    private static BasicStroke solid(float width) {
        return new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
    }

    /** From the first step, or 0 if that is near, to the last, or 10 steps if there are fewer. */
    private double[] stepRange() {
        double first = steps.getCount() == 0 ? 0 : steps.getMin();
        double last = Math.max(steps.getMax(), first + 10);
        return new double[] {first > 0 && first < last / 10 ? 0 : first, last};
    }

    private double[] lossRange() {
        if (losses.getCount() == 0) {
            return new double[] {0, 1};
        }
        double margin = losses.getMin() < losses.getMax() ? 0 : 0.5;
        return new double[] {losses.getMin() - margin, losses.getMax() + margin};
    }
}
