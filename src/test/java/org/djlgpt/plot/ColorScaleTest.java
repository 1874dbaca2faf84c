package org.djlgpt.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.awt.Color;

class ColorScaleTest {

    private static final int STEPS = 200;

    /**
     * What the color-blind see, in linear light: G. Machado et al., A Physiologically-based Model
     * for Simulation of Color Vision Deficiency, 2009, severity 1.
     */
    private enum Vision {
        FULL(1, 0, 0, 0, 1, 0, 0, 0, 1),
        PROTANOPIA(
                0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116,
                1.051998),
        DEUTERANOPIA(
                0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940,
                0.968881),
        TRITANOPIA(
                1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367,
                0.303900);

        private final double[] matrix;

        Vision(double... matrix) {
            this.matrix = matrix;
        }

        /** Returns CIE 1976 lightness, from 0 to 100. */
        double lightness(Color color) {
            double[] rgb = {
                linear(color.getRed()), linear(color.getGreen()), linear(color.getBlue())
            };
            double[] weights = {0.2126, 0.7152, 0.0722};
            double luminance = 0;
            for (int i = 0; i < 9; i++) {
                luminance += weights[i / 3] * matrix[i] * rgb[i % 3];
            }
            return 116 * Math.cbrt(luminance) - 16;
        }

        private static double linear(int channel) {
            double value = channel / 255.0;
            return value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
        }
    }

    @ParameterizedTest
    @EnumSource(Vision.class)
    void lightnessChangesInEvenStepsForEveryEye(Vision vision) {
        for (PlotTheme theme : PlotTheme.values()) {
            ColorScale scale = theme.colorScale();
            double whole = vision.lightness(scale.at(1)) - vision.lightness(scale.at(0));
            assertTrue(Math.abs(whole) > 65, "lightness spans " + whole);
            for (int i = 10; i <= STEPS; i++) {
                double step =
                        vision.lightness(scale.at((double) i / STEPS))
                                - vision.lightness(scale.at((i - 10.0) / STEPS));
                assertEquals(1, step / whole * STEPS / 10, 0.25, theme + " up to " + i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(PlotTheme.class)
    void largeNumbersStandOutAndSmallOnesDoNot(PlotTheme theme) {
        ColorScale scale = theme.colorScale();
        assertTrue(ColorScale.contrast(scale.at(0), theme.background()) < 1.2);
        assertTrue(ColorScale.contrast(scale.at(1), theme.background()) > 12);
    }

    @ParameterizedTest
    @EnumSource(PlotTheme.class)
    void numbersOnColorsCanBeRead(PlotTheme theme) {
        for (int i = 0; i <= STEPS; i++) {
            Color color = theme.colorScale().at((double) i / STEPS);
            double contrast = ColorScale.contrast(color, ColorScale.inkOn(color));
            assertTrue(contrast >= 4.5, color + " has a contrast of " + contrast); // WCAG AA
        }
    }

    @Test
    void knowsWhiteAndBlack() {
        assertEquals(21, ColorScale.contrast(Color.WHITE, Color.BLACK), 1e-9);
        assertEquals(1, ColorScale.contrast(Color.RED, Color.RED), 1e-9);
        assertEquals(0.2126, ColorScale.luminance(Color.RED), 1e-9);
    }

    @Test
    void takesWhatLiesOutsideForTheEnds() {
        ColorScale scale = PlotTheme.LIGHT.colorScale();
        assertEquals(scale.at(0), scale.at(-1));
        assertEquals(scale.at(1), scale.at(7));
    }
}
