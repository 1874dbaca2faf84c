package org.djlgpt.plot;

/** The sizes that a plot with axes and legend has room in and memory for. */
final class PlotSize {

    private static final int MIN_WIDTH = 480;
    private static final int MIN_HEIGHT = 320;
    private static final int MAX = 10_000;

    private PlotSize() {}

    static void require(int width, int height) {
        check("width", width, MIN_WIDTH);
        check("height", height, MIN_HEIGHT);
    }

    private static void check(String name, int pixels, int min) {
        if (pixels < min || pixels > MAX) {
            throw new IllegalArgumentException(
                    "%s=%d must be from %d to %d pixels".formatted(name, pixels, min, MAX));
        }
    }
}
