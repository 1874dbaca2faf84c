package org.djlgpt.plot;

import org.knowm.xchart.style.AxesChartStyler;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.List;
import java.util.stream.Stream;

/**
 * The colors and fonts of a plot. Of Okabe and Ito's palette each theme takes those that stand out
 * from its background by a contrast of 3:1 or more, as WCAG 2.1 (1.4.11) asks of graphics.
 */
public enum PlotTheme {

    /** On white, for paper and light pages. */
    LIGHT(
            new Color(0xFFFFFF),
            new Color(0x202124),
            new Color(0xDADCE0),
            OkabeIto.BLUE,
            OkabeIto.VERMILLION,
            OkabeIto.BLUISH_GREEN,
            OkabeIto.REDDISH_PURPLE,
            OkabeIto.BLACK),

    /** On near black, for dark pages and editors. */
    DARK(
            new Color(0x1B1B1F),
            new Color(0xE8EAED),
            new Color(0x3C4043),
            OkabeIto.SKY_BLUE,
            OkabeIto.ORANGE,
            OkabeIto.BLUISH_GREEN,
            OkabeIto.REDDISH_PURPLE,
            OkabeIto.YELLOW);

    private static final int TITLE_SIZE = 18;
    private static final int AXIS_TITLE_SIZE = 15;
    private static final int LABEL_SIZE = 13;

    private final Color background;
    private final Color foreground;
    private final Color grid;
    private final List<Color> series;
    private final ColorScale colorScale;

    PlotTheme(Color background, Color foreground, Color grid, OkabeIto... series) {
        this.background = background;
        this.foreground = foreground;
        this.grid = grid;
        this.series = Stream.of(series).map(OkabeIto::color).toList();
        colorScale = new ColorScale(background);
    }

    /**
     * Returns the color behind everything.
     *
     * @return an opaque color
     */
    public Color background() {
        return background;
    }

    /**
     * Returns the color of text and axes.
     *
     * @return an opaque color
     */
    public Color foreground() {
        return foreground;
    }

    /**
     * Returns the color of grid lines and frames.
     *
     * @return an opaque color
     */
    public Color grid() {
        return grid;
    }

    /**
     * Returns the colors of lines, to be used in this order.
     *
     * @return five opaque colors of the Okabe-Ito palette
     */
    public List<Color> series() {
        return series;
    }

    /** Returns a color as it would look through the background at a third of its strength. */
    Color faint(Color color) {
        return new Color(
                (color.getRed() + 2 * background.getRed()) / 3,
                (color.getGreen() + 2 * background.getGreen()) / 3,
                (color.getBlue() + 2 * background.getBlue()) / 3);
    }

    /** Gives a chart with axes this theme's colors and fonts. */
    void applyTo(AxesChartStyler styler) {
        styler.setChartBackgroundColor(background)
                .setPlotBackgroundColor(background)
                .setPlotBorderColor(grid)
                .setChartFontColor(foreground)
                .setChartTitleBoxVisible(false)
                .setChartTitleFont(font(Font.BOLD, TITLE_SIZE))
                .setLegendBackgroundColor(background)
                .setLegendBorderColor(grid)
                .setLegendFont(font(Font.PLAIN, LABEL_SIZE))
                .setXAxisTitleColor(foreground)
                .setYAxisTitleColor(foreground);
        styler.setPlotGridLinesColor(grid)
                .setPlotGridLinesStroke(new BasicStroke(1))
                .setAxisTickMarksColor(foreground)
                .setAxisTickLabelsColor(foreground)
                .setAxisTitleFont(font(Font.PLAIN, AXIS_TITLE_SIZE))
                .setAxisTickLabelsFont(font(Font.PLAIN, LABEL_SIZE));
    }

    /** Returns the colors of numbers on this background. */
    ColorScale colorScale() {
        return colorScale;
    }

    static Font font(int style, int size) {
        return new Font(Font.SANS_SERIF, style, size);
    }
}
