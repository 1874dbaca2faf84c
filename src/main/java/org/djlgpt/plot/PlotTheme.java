package org.djlgpt.plot;

import java.awt.Color;
import java.awt.Font;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The colors and fonts of a plot. Of the palette that people with any kind of color vision can tell
 * apart (M. Okabe and K. Ito, <a href="https://jfly.uni-koeln.de/color/">Color Universal Design:
 * how to make figures and presentations that are friendly to colorblind people</a>, 2002) each
 * theme takes those that stand out from its background by a contrast of 3:1 or more, as WCAG 2.1
 * (1.4.11) asks of graphics.
 */
public enum PlotTheme {

    /** On white, for paper and light pages. */
    LIGHT(
            0xFFFFFF, 0x202124, 0xDADCE0, 0x0072B2, // blue
            0xD55E00, // vermillion
            0x009E73, // bluish green
            0xCC79A7, // reddish purple
            0x000000),

    /** On near black, for dark pages and editors. */
    DARK(
            0x1B1B1F, 0xE8EAED, 0x3C4043, 0x56B4E9, // sky blue
            0xE69F00, // orange
            0x009E73, // bluish green
            0xCC79A7, // reddish purple
            0xF0E442); // yellow

    static final Font TITLE_FONT = font(Font.BOLD, 18);
    static final Font AXIS_FONT = font(Font.PLAIN, 15);
    static final Font LABEL_FONT = font(Font.PLAIN, 13);

    private final Color background;
    private final Color foreground;
    private final Color grid;
    private final List<Color> series;
    private final ColorScale colorScale;

    PlotTheme(int background, int foreground, int grid, int... series) {
        this.background = new Color(background);
        this.foreground = new Color(foreground);
        this.grid = new Color(grid);
        this.series = IntStream.of(series).mapToObj(Color::new).toList();
        colorScale = new ColorScale(this.background);
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

    /** Returns the colors of numbers on this background. */
    ColorScale colorScale() {
        return colorScale;
    }

    static Font font(int style, int size) {
        return new Font(Font.SANS_SERIF, style, size);
    }
}
