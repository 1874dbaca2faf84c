package org.djlgpt.plot;

import java.awt.Color;

/**
 * The colors of numbers from 0 to 1: from next to the background to what stands out from it most.
 *
 * <p>Lightness falls (or rises, on dark) in even steps, so the order survives a black-and-white
 * print and every kind of color blindness. The points lie in OKLab (B. Ottosson, <a
 * href="https://bottosson.github.io/posts/oklab/">A perceptual color space for image
 * processing</a>, 2020), where a straight line looks even.
 */
final class ColorScale {

    /** Cream, green, teal, blue and navy as OKLab's lightness, green to red, and blue to yellow. */
    private static final double[][] POINTS = {
        {0.970, -0.015, 0.045},
        {0.795, -0.075, 0.085},
        {0.620, -0.085, -0.015},
        {0.445, -0.025, -0.105},
        {0.270, 0.015, -0.095}
    };

    private final boolean rising;

    /** Makes the scale for a background. */
    ColorScale(Color background) {
        rising = luminance(background) < 0.5;
    }

    /**
     * Returns the color of a number.
     *
     * @param number from 0 to 1; what lies outside counts as the nearer of the two
     */
    Color at(double number) {
        double share = Math.max(0, Math.min(1, number));
        double position = (rising ? 1 - share : share) * (POINTS.length - 1);
        int below = Math.min((int) position, POINTS.length - 2);
        double[] lab = new double[3];
        for (int i = 0; i < lab.length; i++) {
            lab[i] =
                    POINTS[below][i]
                            + (position - below) * (POINTS[below + 1][i] - POINTS[below][i]);
        }
        return color(lab[0], lab[1], lab[2]);
    }

    /** Returns black or white, whichever is easier to read on a color. */
    static Color inkOn(Color color) {
        double black = contrast(color, Color.BLACK);
        return black >= contrast(color, Color.WHITE) ? Color.BLACK : Color.WHITE;
    }

    /**
     * Returns the contrast of two colors as WCAG 2.1 defines it, from 1, the same brightness, to
     * 21, black on white.
     */
    static double contrast(Color a, Color b) {
        double brighter = Math.max(luminance(a), luminance(b));
        double darker = Math.min(luminance(a), luminance(b));
        return (brighter + 0.05) / (darker + 0.05);
    }

    /** Returns how bright a color is to the eye, from 0, black, to 1, white: WCAG 2.1. */
    static double luminance(Color color) {
        return 0.2126 * linear(color.getRed())
                + 0.7152 * linear(color.getGreen())
                + 0.0722 * linear(color.getBlue());
    }

    private static double linear(int channel) {
        double value = channel / 255.0;
        return value <= 0.03928 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
    }

    /** OKLab to sRGB, with Ottosson's matrices. */
    private static Color color(double lightness, double a, double b) {
        double l = Math.pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
        double m = Math.pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
        double s = Math.pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
        return new Color(
                channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                channel(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s));
    }

    private static float channel(double linear) {
        double encoded =
                linear <= 0.0031308 ? 12.92 * linear : 1.055 * Math.pow(linear, 1 / 2.4) - 0.055;
        return (float) Math.max(0, Math.min(1, encoded));
    }
}
