package org.djlgpt.plot;

import java.awt.Color;

/**
 * The colors of the weights in one picture.
 *
 * @param largest the weight at the end of the scale
 * @param scale how weights are spread over the colors
 * @param theme the picture's theme
 */
record WeightColors(double largest, WeightScale scale, PlotTheme theme) {

    /** Returns a weight's color; for 0 the background. */
    Color of(double weight) {
        return weight == 0
                ? theme.background()
                : theme.colorScale().at(scale.position(weight / largest));
    }

    /** Returns the weight whose color lies at a position from 0 to 1. */
    double weightAt(double position) {
        return largest * scale.share(position);
    }
}
