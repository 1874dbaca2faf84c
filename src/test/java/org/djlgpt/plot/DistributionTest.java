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
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

class DistributionTest {

    @ParameterizedTest
    @EnumSource(PlotTheme.class)
    void aBarIsAsHighAsItsValue(PlotTheme theme) {
        BufferedImage image =
                distribution("cold", 0.8f, 0.2f)
                        .addSeries("hot", 0.6f, 0.4f)
                        .optTheme(theme)
                        .build()
                        .image();
        Color cold = theme.series().get(0);
        Color hot = theme.series().get(1);
        int left = highest(image, cold, 0, 480);
        assertEquals(0.25, (double) highest(image, cold, 480, 960) / left, 0.01);
        assertEquals(0.75, (double) highest(image, hot, 0, 480) / left, 0.01);
        assertEquals(0.5, (double) highest(image, hot, 480, 960) / left, 0.01);
        assertTrue(left > 200, "the highest bar has only " + left + " pixels");
    }

    @Test
    void namesLabelsAndValuesAreText() {
        List<String> texts =
                SvgText.of(
                        Distribution.builder()
                                .setLabels(List.of(" the", "\n", " the"))
                                .addSeries("temperature 1", 0.625f, 0.25f, 0.125f)
                                .addSeries("temperature 1", 0.5f, 0, 0.0004321f)
                                .optTitle("Next token")
                                .optValueTitle("share")
                                .optValues(true)
                                .build()
                                .svg());
        assertTrue(
                texts.containsAll(
                        List.of(
                                "\u2423the",
                                "\u23CE",
                                "temperature 1",
                                "Next token",
                                "share",
                                "0.625",
                                "0.000432",
                                "0")),
                texts::toString);
        assertEquals(2, Collections.frequency(texts, "\u2423the"), "two tokens may look alike");
        assertEquals(2, Collections.frequency(texts, "temperature 1"));
    }

    @Test
    void nothingIsCutAtTheEdge() {
        String name = "temperature ".repeat(20);
        for (int labels : new int[] {1, 3, 60, 200}) {
            float[] values = new float[labels];
            Arrays.fill(values, 1);
            Distribution.Builder builder =
                    Distribution.builder()
                            .setLabels(Collections.nCopies(labels, "incomprehensibilities"))
                            .optTitle(name)
                            .optValueTitle(name)
                            .optValues(true)
                            .optSize(480, 480);
            for (int i = 0; i < 5; i++) {
                builder.addSeries(name, values);
            }
            BufferedImage image = builder.build().image();
            int background = PlotTheme.LIGHT.background().getRGB();
            for (int i = 0; i < 480; i++) {
                for (int rgb :
                        new int[] {
                            image.getRGB(i, 0),
                            image.getRGB(i, 479),
                            image.getRGB(0, i),
                            image.getRGB(479, i)
                        }) {
                    assertEquals(background, rgb, labels + " labels");
                }
            }
        }
    }

    @Test
    void refusesWhatItCannotDraw() {
        assertRefused(Distribution.builder().addSeries("s"), "0 labels; give 1 to 200");
        assertRefused(
                Distribution.builder().setLabels(Collections.nCopies(201, "t")), "201 labels");
        assertRefused(Distribution.builder().setLabels(List.of("a")), "0 series; add 1 to 5");
        assertRefused(distribution("s", 1), "series 's': 1 values but 2 labels");
        assertRefused(distribution("s", 1, Float.NaN), "series 's': the value NaN must be");
        assertRefused(distribution("s", 1, -0.5f), "the value -0.5 must be finite and at least 0");
        assertRefused(distribution("s", 1, 0).optSize(100, 400), "width=100 must be from 480");
        Distribution.Builder six = distribution("s", 1, 0);
        IntStream.range(0, 5).forEach(i -> six.addSeries("more", 1, 0));
        assertRefused(six, "6 series; add 1 to 5");
    }

    private static void assertRefused(Distribution.Builder builder, String reason) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, builder::build);
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }

    private static Distribution.Builder distribution(String name, float... values) {
        return Distribution.builder().setLabels(List.of("yes", "no")).addSeries(name, values);
    }

    /** Returns the height of the highest bar of a color between two columns. */
    private static int highest(BufferedImage image, Color color, int from, int to) {
        return IntStream.range(from, to)
                .map(
                        x ->
                                (int)
                                        IntStream.range(40, image.getHeight())
                                                .filter(y -> image.getRGB(x, y) == color.getRGB())
                                                .count())
                .max()
                .orElseThrow();
    }
}
