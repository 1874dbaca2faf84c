package org.djlgpt.plot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import javax.imageio.ImageIO;

class LossCurveTest {

    private static final DoubleUnaryOperator LEARNING = step -> 3 + 7 * Math.exp(-step / 100);
    private static final DoubleUnaryOperator ZIGZAG = step -> 3 + step % 2;

    /** The first row below a title and one line of legend. */
    private static final int PLOT_TOP = 70;

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource(PlotTheme.class)
    void drawsEachLineInItsColor(PlotTheme theme) {
        BufferedImage image =
                training(500, LEARNING)
                        .optValidation(steps(0, 500, 50), losses(0, 500, 50, LEARNING))
                        .addBaseline("uniform", Math.log(50_257))
                        .addBaseline("unigram", 7)
                        .optSmoothing(0.9)
                        .optTheme(theme)
                        .build()
                        .image();
        assertEquals(theme.background().getRGB(), image.getRGB(0, 0));
        assertTrue(pixels(image, theme.foreground()) > 100, "axes and text");
        assertTrue(pixels(image, theme.faint(theme.series().get(0))) > 100, "raw training loss");
        for (Color color : theme.series().subList(0, 4)) {
            assertTrue(pixels(image, color) > 100, color + ": " + pixels(image, color));
        }
        assertEquals(0, pixels(image, theme.series().get(4)), "a color that nothing uses");
    }

    @Test
    void hasTheSizeAskedFor() {
        BufferedImage image = training(10, LEARNING).optSize(800, 500).build().image();
        assertEquals(800, image.getWidth());
        assertEquals(500, image.getHeight());
    }

    @Test
    void putsBaselinesAtTheirHeight() {
        BufferedImage image =
                training(500, LEARNING)
                        .addBaseline("low", 4)
                        .addBaseline("middle", 6)
                        .addBaseline("high", 8)
                        .build()
                        .image();
        List<Color> colors = PlotTheme.LIGHT.series();
        double low = height(image, colors.get(2));
        double middle = height(image, colors.get(3));
        double high = height(image, colors.get(4));
        assertTrue(low - middle > 50, low + " " + middle);
        assertEquals(low - middle, middle - high, 1.5);
    }

    @Test
    void leavesGapsWhereTheLossIsNotFinite() {
        assertEquals(0, columns(step -> Double.NaN));
        double whole = columns(ZIGZAG);
        assertTrue(whole > 800, "a run fills the width, not " + whole + " columns");
        double gap =
                columns(
                        step ->
                                step < 200 || step >= 300
                                        ? ZIGZAG.applyAsDouble(step)
                                        : Double.NaN);
        assertEquals(0.8, gap / whole, 0.02);
        double infinite =
                columns(step -> step < 400 ? ZIGZAG.applyAsDouble(step) : Double.POSITIVE_INFINITY);
        assertEquals(0.8, infinite / whole, 0.02);
    }

    @Test
    void putsPointsWhereTheAxesSay() {
        // levels at two ticks, and the run's middle at the middle of the axis of steps
        BufferedImage image =
                training(401, step -> step < 200 ? 1 : Double.NaN)
                        .addBaseline("middle", 2)
                        .addBaseline("end", 3)
                        .build()
                        .image();
        List<Color> colors = PlotTheme.LIGHT.series();
        double training = height(image, colors.get(0));
        double middle = height(image, colors.get(2));
        assertEquals(training - middle, middle - height(image, colors.get(3)), 1.5);
        int[] level = row(image, (int) middle, colors.get(2)).toArray();
        int[] half = row(image, (int) Math.round(training), colors.get(0)).toArray();
        assertEquals(level[0], half[0], 2, "both begin at step 0");
        double end = half[half.length - 1];
        assertEquals(199 / 400.0, (end - half[0]) / (level[level.length - 1] - level[0]), 0.01);
    }

    @Test
    void titleAxesAndLegendAreText() {
        List<String> texts =
                SvgText.of(
                        training(2001, LEARNING)
                                .optValidation(steps(0, 2001, 500), losses(0, 2001, 500, LEARNING))
                                .addBaseline("uniform", Math.log(50_257))
                                .optSmoothing(0.9)
                                .optTitle("How it learned")
                                .build()
                                .svg());
        assertEquals(
                List.of(
                        "How it learned",
                        "training, raw",
                        "training, smoothed",
                        "validation",
                        "uniform: 10.82"),
                texts.subList(0, 5));
        List<String> axes = texts.subList(5, texts.size());
        assertTrue(axes.containsAll(List.of("3", "5", "7", "9", "11")), axes::toString);
        assertTrue(axes.containsAll(List.of("0", "400", "800", "2,000", "step")), axes::toString);
        assertTrue(axes.contains("loss (nats per token)"), axes::toString);
    }

    @Test
    void growsWithItsRun() {
        LossCurve.Builder growing = LossCurve.builder().addValidation(0, 5);
        assertEquals(0, trainingPixels(growing), "before the first step");
        for (int step = 0; step < 100; step++) {
            growing.addTraining(step, LEARNING.applyAsDouble(step));
        }
        assertArrayEquals(
                rgb(
                        training(100, LEARNING)
                                .optValidation(new long[] {0}, new double[] {5})
                                .build()
                                .image()),
                rgb(growing.build().image()));
        growing.addValidation(50, 4).addTraining(100, 1);
        assertArrayEquals(
                rgb(
                        training(101, step -> step < 100 ? LEARNING.applyAsDouble(step) : 1)
                                .optValidation(new long[] {0, 50}, new double[] {5, 4})
                                .build()
                                .image()),
                rgb(growing.build().image()));
    }

    @Test
    void aBuiltCurveNoLongerChanges() {
        double[] losses = {3, 2};
        LossCurve.Builder builder = LossCurve.builder().setTraining(new long[] {0, 5}, losses);
        LossCurve curve = builder.build();
        int[] before = rgb(curve.image());
        losses[1] = 7;
        builder.addTraining(9, 1).addBaseline("late", 8);
        assertArrayEquals(before, rgb(curve.image()));
    }

    @ParameterizedTest
    @ValueSource(doubles = {3.4e38, 1.7e308, -1.7e308, 12_345_678, 1e-12, 4e-324})
    void drawsLossesOfAnySize(double size) {
        BufferedImage spike = training(300, step -> step == 150 ? size : 3).build().image();
        BufferedImage level = training(300, step -> size).build().image();
        BufferedImage learned = training(300, step -> size / (step + 1)).build().image();
        for (BufferedImage image : List.of(spike, level, learned)) {
            assertTrue(plotPixels(image, PlotTheme.LIGHT.series().get(0)) > 300);
            assertTrue(pixels(image, PlotTheme.LIGHT.grid()) > 1_000, "ticks");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 11, 1_000, 1_000_000_000_000L})
    void nothingIsCutAtTheEdge(long last) {
        LossCurve.Builder builder =
                LossCurve.builder()
                        .setTraining(new long[] {last - 1, last}, new double[] {1, -1e-9})
                        .addBaseline("a baseline with a long name ".repeat(9), 0.123456)
                        .optTitle("A title that is longer than the picture is wide ".repeat(9))
                        .optSize(480, 320);
        BufferedImage image = builder.build().image();
        int background = PlotTheme.LIGHT.background().getRGB();
        for (int x = 0; x < 480; x++) {
            assertEquals(background, image.getRGB(x, 0), "top");
            assertEquals(background, image.getRGB(x, 319), "bottom");
        }
        for (int y = 0; y < 320; y++) {
            assertEquals(background, image.getRGB(0, y), "left");
            assertEquals(background, image.getRGB(479, y), "right");
        }
    }

    @Test
    void showsASinglePoint() {
        assertTrue(trainingPixels(training(1, LEARNING)) > 30);
        assertTrue(trainingPixels(training(9, s -> s % 2 == 0 ? 5 : Double.NaN)) > 150);
    }

    @Test
    void drawsAxesWithoutPoints() {
        for (LossCurve.Builder builder :
                List.of(
                        training(0, LEARNING),
                        training(0, LEARNING).addBaseline("uniform", 10.8),
                        training(5, step -> Double.NaN),
                        training(0, LEARNING).optTitle(""))) {
            BufferedImage image = builder.build().image();
            assertTrue(pixels(image, PlotTheme.LIGHT.grid()) > 1_000);
            assertEquals(0, plotPixels(image, PlotTheme.LIGHT.series().get(0)));
        }
    }

    @Test
    void drawsLongRuns() {
        LossCurve curve = training(100_000, step -> step == 50_000 ? 20 : 3).build();
        BufferedImage image = curve.image();
        Color training = PlotTheme.LIGHT.series().get(0);
        long spike =
                IntStream.range(100, 300)
                        .filter(y -> row(image, y, training).findAny().isPresent())
                        .count();
        assertEquals(200, spike, "the spike of a single step must reach through these rows");
    }

    @Test
    void savesWhatItShows() throws IOException {
        Path png = directory.resolve("loss.png");
        LossCurve curve = training(100, LEARNING).build();
        curve.save(png);
        byte[] signature = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
        assertArrayEquals(signature, Arrays.copyOf(Files.readAllBytes(png), signature.length));
        assertArrayEquals(rgb(curve.image()), rgb(ImageIO.read(png.toFile())));
    }

    @Test
    void saysWhereItCannotSave() {
        Path png = directory.resolve("missing").resolve("loss.png");
        LossCurve curve = training(100, LEARNING).build();
        IOException e = assertThrows(IOException.class, () -> curve.save(png));
        assertTrue(e.getMessage().contains(png.toString()), e.getMessage());
    }

    @Test
    void refusesWhatItCannotDraw() {
        assertRefused(LossCurve.builder(), "call setTraining");
        assertRefused(
                LossCurve.builder().setTraining(new long[2], new double[3]),
                "training: 2 steps but 3 losses");
        assertRefused(
                training(1, LEARNING).optValidation(new long[] {5, 4}, new double[2]),
                "validation: step 4 follows step 5; sort");
        assertRefused(
                LossCurve.builder().setTraining(new long[] {-1}, new double[1]),
                "training: step -1 must be from 0 to 1000000000000");
        assertRefused(training(1, LEARNING).addBaseline("b", Double.NaN), "'b' is NaN");
        assertRefused(training(1, LEARNING).optSmoothing(1), "smoothing=1.0 must be from 0");
        assertRefused(training(1, LEARNING).optSmoothing(Double.NaN), "smoothing=NaN must be");
        LossCurve.Builder crowded = training(1, LEARNING).optSize(480, 320);
        IntStream.range(0, 9).forEach(i -> crowded.addBaseline("a long name ".repeat(9), i));
        assertRefused(crowded, "shorten the labels of baselines");
        assertRefused(
                LossCurve.builder().addTraining(5, 1).addTraining(4, 1),
                "training: step 4 follows step 5; sort");
        assertRefused(training(1, LEARNING).optSize(479, 600), "width=479 must be from 480");
        assertRefused(training(1, LEARNING).optSize(960, 10_001), "height=10001 must be from 320");
    }

    private static void assertRefused(LossCurve.Builder builder, String reason) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, builder::build);
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }

    private static LossCurve.Builder training(int count, DoubleUnaryOperator loss) {
        return LossCurve.builder().setTraining(steps(0, count, 1), losses(0, count, 1, loss));
    }

    private static long[] steps(int begin, int end, int every) {
        return LongStream.range(begin, end).filter(step -> step % every == 0).toArray();
    }

    private static double[] losses(int begin, int end, int every, DoubleUnaryOperator loss) {
        return LongStream.of(steps(begin, end, every))
                .mapToDouble(step -> loss.applyAsDouble(step))
                .toArray();
    }

    private static long trainingPixels(LossCurve.Builder builder) {
        return plotPixels(builder.build().image(), PlotTheme.LIGHT.series().get(0));
    }

    private static long pixels(BufferedImage image, Color color) {
        return IntStream.of(rgb(image)).filter(rgb -> rgb == color.getRGB()).count();
    }

    /** Counts pixels below the legend. */
    private static long plotPixels(BufferedImage image, Color color) {
        return IntStream.range(PLOT_TOP, image.getHeight())
                .mapToLong(y -> row(image, y, color).count())
                .sum();
    }

    /** Counts the columns in which the training loss of 500 steps shows. */
    private static double columns(DoubleUnaryOperator loss) {
        BufferedImage image = training(500, loss).build().image();
        int color = PlotTheme.LIGHT.series().get(0).getRGB();
        return IntStream.range(0, image.getWidth())
                .filter(
                        x ->
                                IntStream.range(PLOT_TOP, image.getHeight())
                                        .anyMatch(y -> image.getRGB(x, y) == color))
                .count();
    }

    /** Returns the mean row of a color below the legend, in pixels from the top. */
    private static double height(BufferedImage image, Color color) {
        return IntStream.range(PLOT_TOP, image.getHeight())
                .flatMap(y -> row(image, y, color).map(x -> y))
                .average()
                .orElseThrow();
    }

    private static IntStream row(BufferedImage image, int y, Color color) {
        return IntStream.range(0, image.getWidth())
                .filter(x -> image.getRGB(x, y) == color.getRGB());
    }

    private static int[] rgb(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }
}
