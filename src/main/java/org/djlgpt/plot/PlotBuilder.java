package org.djlgpt.plot;

/**
 * What the builders of all pictures with axes offer.
 *
 * @param <B> the builder's own type
 */
public abstract class PlotBuilder<B extends PlotBuilder<B>> {

    private static final int MIN_WIDTH = 480;
    private static final int MIN_HEIGHT = 320;
    private static final int MAX_SIZE = 10_000;

    String title;
    PlotTheme theme = PlotTheme.LIGHT;
    int width = 960;
    int height;

    PlotBuilder(String title, int height) {
        this.title = title;
        this.height = height;
    }

    abstract B self();

    /**
     * Sets the title. Default: none, and {@code Loss} for a loss curve.
     *
     * @param title one line, made smaller and then shortened if it is wider than the plot
     * @return this builder
     */
    public B optTitle(String title) {
        this.title = title;
        return self();
    }

    /**
     * Sets the colors. Default: {@link PlotTheme#LIGHT}.
     *
     * @param theme the theme
     * @return this builder
     */
    public B optTheme(PlotTheme theme) {
        this.theme = theme;
        return self();
    }

    /**
     * Sets the size of the image. Default: 960 by 480, and 960 by 600 for a loss curve, which
     * prints 16 cm wide at 150 dpi.
     *
     * @param width in pixels, from 480 to 10,000
     * @param height in pixels, from 320 to 10,000
     * @return this builder
     */
    public B optSize(int width, int height) {
        this.width = width;
        this.height = height;
        return self();
    }

    /** Refuses sizes that a plot with axes has no room in or no memory for. */
    final void requireSize() {
        requirePixels("width", width, MIN_WIDTH);
        requirePixels("height", height, MIN_HEIGHT);
    }

    private static void requirePixels(String name, int pixels, int min) {
        if (pixels < min || pixels > MAX_SIZE) {
            throw new IllegalArgumentException(
                    "%s=%d must be from %d to %d pixels".formatted(name, pixels, min, MAX_SIZE));
        }
    }

    /** Refuses more series than there are colors for, or none. */
    final void requireSeries(int count) {
        int most = theme.series().size();
        if (count < 1 || count > most) {
            throw new IllegalArgumentException(
                    "%d series; add 1 to %d with addSeries".formatted(count, most));
        }
    }
}
