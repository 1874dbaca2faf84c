package org.djlgpt.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.awt.Color;
import java.util.HashSet;

class PlotThemeTest {

    @ParameterizedTest
    @EnumSource(PlotTheme.class)
    void linesAndTextStandOutFromTheBackground(PlotTheme theme) {
        for (Color color : theme.series()) {
            double contrast = contrast(color, theme.background());
            assertTrue(contrast >= 3, color + " has a contrast of " + contrast);
        }
        assertTrue(contrast(theme.foreground(), theme.background()) >= 7);
        assertTrue(contrast(theme.grid(), theme.background()) < 2, "the grid must stay behind");
    }

    @ParameterizedTest
    @EnumSource(PlotTheme.class)
    void noTwoLinesShareAColor(PlotTheme theme) {
        assertEquals(theme.series().size(), new HashSet<>(theme.series()).size());
        assertEquals(5, theme.series().size());
    }

    /** WCAG 2.1, definition of contrast ratio. */
    private static double contrast(Color a, Color b) {
        double brighter = Math.max(luminance(a), luminance(b));
        double darker = Math.min(luminance(a), luminance(b));
        return (brighter + 0.05) / (darker + 0.05);
    }

    private static double luminance(Color color) {
        return 0.2126 * linear(color.getRed())
                + 0.7152 * linear(color.getGreen())
                + 0.0722 * linear(color.getBlue());
    }

    private static double linear(int channel) {
        double value = channel / 255.0;
        return value <= 0.03928 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
    }
}
