package org.djlgpt.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

class LineChartTest {

    @ParameterizedTest
    @EnumSource(PlotTheme.class)
    void aLineGoesThroughItsValues(PlotTheme theme) {
        BufferedImage image =
                LineChart.builder()
                        .setX(-4, 0, 4)
                        .addSeries("falling", 2, 1, 0)
                        .addSeries("level", 1, 1, 1)
                        .optTheme(theme)
                        .build()
                        .image();
        int[] falling = columns(image, theme.series().get(0));
        int left = falling[0];
        int right = falling[falling.length - 1];
        double top = height(image, theme.series().get(0), left + 2);
        double bottom = height(image, theme.series().get(0), right - 2);
        double quarter = height(image, theme.series().get(0), (3 * left + right) / 4);
        int[] level = columns(image, theme.series().get(1));
        assertTrue(right - left > 700 && bottom - top > 200, left + " " + right);
        assertEquals((3 * top + bottom) / 4, quarter, 2);
        assertEquals((top + bottom) / 2, height(image, theme.series().get(1), level[2]), 2);
    }

    @Test
    void xIsMeasuredAndNotCounted() {
        BufferedImage image =
                LineChart.builder().setX(0, 1, 10).addSeries("s", 0, 1, 1).build().image();
        Color color = PlotTheme.LIGHT.series().get(0);
        int[] columns = columns(image, color);
        int left = columns[0];
        int right = columns[columns.length - 1];
        double high = height(image, color, right - 2);
        int reached =
                Arrays.stream(columns)
                        .filter(x -> height(image, color, x) <= high + 2)
                        .min()
                        .orElseThrow();
        assertEquals(0.1, (reached - left) / (double) (right - left), 0.01);
    }

    @Test
    void fiveLongNamesLeaveRoomForTheLines() {
        LineChart.Builder wordy = LineChart.builder().setX(0, 1).optTitle("t").optSize(480, 320);
        IntStream.range(0, 5).forEach(i -> wordy.addSeries("name ".repeat(30), 0, 1));
        BufferedImage image = wordy.build().image();
        Color color = PlotTheme.LIGHT.series().get(4);
        int[] columns = columns(image, color);
        assertTrue(height(image, color, columns[columns.length - 1]) > 160, "below the legend");
    }

    @Test
    void titlesNamesAndNumbersAreText() {
        List<String> texts =
                SvgText.of(
                        LineChart.builder()
                                .setX(-0.2f, 0.2f)
                                .addSeries("GELU", -0.1f, 0.1f)
                                .optTitle("Two curves")
                                .optXTitle("input")
                                .optValueTitle("output")
                                .build()
                                .svg());
        assertTrue(
                texts.containsAll(
                        List.of("GELU", "Two curves", "input", "output", "-0.2", "0", "0.1")),
                texts::toString);
    }

    @Test
    void aValueThatIsNotFiniteLeavesAGap() {
        float[] x = {0, 1, 2, 3, 4};
        int whole = columns(picture(x, 1, 1, 1, 1, 1), PlotTheme.LIGHT.series().get(0)).length;
        for (float gap : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            BufferedImage image = picture(x, 1, 1, gap, 1, 1);
            int broken = columns(image, PlotTheme.LIGHT.series().get(0)).length;
            assertEquals(0.5, broken / (double) whole, 0.1);
        }
    }

    @Test
    void refusesWhatItCannotDraw() {
        assertRefused(LineChart.builder().addSeries("s", 1), "0 numbers to run over; give at");
        assertRefused(chart(1).setX(1), "1 numbers to run over");
        assertRefused(LineChart.builder().setX(0, 1), "0 series; add 1 to 5");
        assertRefused(chart(1, 2, 3), "series 's': 3 values but 2 numbers");
        assertRefused(chart(1, 2).setX(1, 1), "x[1]=1.0 must be finite and above");
        assertRefused(chart(1, 2).setX(Float.NaN, 1), "x[0]=NaN must be finite");
        assertRefused(chart(1, 2).setX(1, Float.POSITIVE_INFINITY), "x[1]=Infinity must be");
        assertRefused(chart(1, 2).optSize(960, 100), "height=100 must be from 320");
        LineChart.Builder six = chart(1, 2);
        IntStream.range(0, 5).forEach(i -> six.addSeries("more", 1, 0));
        assertRefused(six, "6 series; add 1 to 5");
    }

    private static void assertRefused(LineChart.Builder builder, String reason) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, builder::build);
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }

    private static LineChart.Builder chart(float... values) {
        return LineChart.builder().setX(0, 1).addSeries("s", values);
    }

    private static BufferedImage picture(float[] x, float... values) {
        return LineChart.builder().setX(x).addSeries("s", values).build().image();
    }

    /** The columns below the legend that have a color. */
    private static int[] columns(BufferedImage image, Color color) {
        return IntStream.range(0, image.getWidth())
                .filter(x -> rows(image, color, x).length > 0)
                .toArray();
    }

    /** The middle of what has a color in a column. */
    private static double height(BufferedImage image, Color color, int x) {
        return Arrays.stream(rows(image, color, x)).average().orElseThrow();
    }

    private static int[] rows(BufferedImage image, Color color, int x) {
        return IntStream.range(40, image.getHeight())
                .filter(y -> image.getRGB(x, y) == color.getRGB())
                .toArray();
    }
}
