package org.djlgpt.plot;

import java.awt.Color;

/** How bright a color is to the eye: WCAG 2.1, definitions of relative luminance and contrast. */
final class Luminance {

    private Luminance() {}

    /** Returns a number from 0, black, to 1, white. */
    static double of(Color color) {
        return 0.2126 * linear(color.getRed())
                + 0.7152 * linear(color.getGreen())
                + 0.0722 * linear(color.getBlue());
    }

    /** Returns a ratio from 1, the same brightness, to 21, black on white. */
    static double contrast(Color a, Color b) {
        double brighter = Math.max(of(a), of(b));
        double darker = Math.min(of(a), of(b));
        return (brighter + 0.05) / (darker + 0.05);
    }

    private static double linear(int channel) {
        double value = channel / 255.0;
        return value <= 0.03928 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
    }
}
