package org.djlgpt.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.awt.Color;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

class AttentionHeatmapTest {

    private static final float[][] WEIGHTS = {{1, 0}, {0.25f, 0.75f}};
    private static final List<String> WORDS = List.of("see", "me");

    @ParameterizedTest
    @EnumSource(PlotTheme.class)
    void aCellHasTheColorOfItsWeight(PlotTheme theme) {
        BufferedImage image = heatmap(WEIGHTS).optTheme(theme).build().image();
        ColorScale scale = theme.colorScale();
        assertEquals(scale.at(1), cell(image, 0, 0));
        assertEquals(scale.at(0.25), cell(image, 1, 0));
        assertEquals(scale.at(0.75), cell(image, 1, 1));
        assertEquals(theme.background(), cell(image, 0, 1), "a weight of 0");
    }

    @Test
    void theSquareRootShowsSmallWeights() {
        BufferedImage image = heatmap(WEIGHTS).optScale(WeightScale.SQUARE_ROOT).build().image();
        assertEquals(PlotTheme.LIGHT.colorScale().at(0.5), cell(image, 1, 0));
    }

    @Test
    void theScaleEndsAtTheLargestWeight() {
        float[][] small = {{0.1f, 0.2f}, {0.05f, 0.15f}};
        AttentionHeatmap heatmap = heatmap(small).build();
        assertEquals(PlotTheme.LIGHT.colorScale().at(1), cell(heatmap.image(), 0, 1));
        assertTrue(
                SvgText.of(heatmap.svg()).containsAll(List.of("0", "0.05", "0.1", "0.15", "0.2")));
    }

    @Test
    void everyHeadOfEveryLayerHasItsPlace() {
        float[] layer = {1, 0, 0.4f, 0.6f, 1, 0, 0.8f, 0.2f, 1, 0, 0.5f, 0.5f};
        AttentionHeatmap heatmap;
        AttentionWeights weights;
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray first = manager.create(layer, new Shape(1, 3, 2, 2));
            NDArray second =
                    manager.create(layer, new Shape(3, 2, 2)).toType(DataType.FLOAT64, true);
            weights = AttentionWeights.of(List.of(first, second));
            heatmap = AttentionHeatmap.builder().setWeights(List.of(first, second)).build();
        }
        BufferedImage image = heatmap.image(); // the engine's arrays are gone
        HeatmapLayout layout = new HeatmapLayout(weights, WORDS.subList(1, 2), false, false);
        for (int panel = 0; panel < 6; panel++) {
            Rectangle place = layout.panel(panel);
            float weight = layer[panel % 3 * 4 + 2];
            assertEquals(
                    PlotTheme.LIGHT.colorScale().at(weight),
                    cellOf(image, place, 1, 0),
                    "panel " + panel);
            assertEquals(place.y, layout.panel(panel / 3 * 3).y, "a row for each layer");
        }
        assertTrue(SvgText.of(heatmap.svg()).contains("L1 H2"));
    }

    @Test
    void oneHeadOfEachLayerCanBePicked() {
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray layer =
                    manager.create(
                            new float[] {1, 0, 0.4f, 0.6f, 1, 0, 0.8f, 0.2f}, new Shape(2, 2, 2));
            BufferedImage image =
                    AttentionHeatmap.builder().setWeights(layer).optHead(1).build().image();
            assertEquals(PlotTheme.LIGHT.colorScale().at(0.8f), cell(image, 1, 0));
        }
    }

    @Test
    void manyTokensShareACellThatShowsTheLargestWeight() {
        float[][] weights = new float[1024][1024];
        weights[0][0] = 0.5f;
        weights[1000][4] = 1;
        AttentionHeatmap heatmap = heatmap(weights).build();
        List<String> positions = IntStream.range(0, 1024).mapToObj(Integer::toString).toList();
        HeatmapLayout layout =
                new HeatmapLayout(AttentionWeights.of(weights), positions, false, false);
        assertEquals(3, layout.block());
        Rectangle panel = layout.panel(0);
        int x = panel.x + 4 / 3 * layout.cell() + 1;
        int y = panel.y + 1000 / 3 * layout.cell() + 1;
        assertEquals(PlotTheme.LIGHT.colorScale().at(1).getRGB(), heatmap.image().getRGB(x, y));
        assertTrue(SvgText.of(heatmap.svg()).contains("3 \u00D7 3 tokens"));
    }

    @Test
    void theTextsOfTokensAndWeightsAreText() {
        List<String> texts =
                SvgText.of(
                        heatmap(WEIGHTS)
                                .optTokens(List.of(" see", "\n"))
                                .optTitle("Who looks at whom")
                                .optValues(true)
                                .build()
                                .svg());
        assertTrue(
                texts.containsAll(
                        List.of(
                                "\u2423see",
                                "\u23CE",
                                "Who looks at whom",
                                "0.25",
                                "0.75",
                                "1.00")),
                texts::toString);
        assertEquals(2, Collections.frequency(texts, "\u2423see"), "at both axes");
    }

    @Test
    void axesHaveTheNamesOfWhatIsShown() {
        List<String> attention = SvgText.of(heatmap(WEIGHTS).build().svg());
        List<String> other =
                SvgText.of(
                        heatmap(WEIGHTS).optAxisTitles("is", "taken for", "share").build().svg());

        List<String> ofAttention = List.of("token (query)", "looks at (key)", "weight");
        assertTrue(attention.containsAll(ofAttention), attention::toString);
        assertTrue(other.containsAll(List.of("is", "taken for", "share")), other::toString);
        assertTrue(Collections.disjoint(other, ofAttention), other::toString);
    }

    @Test
    void hostileTokensLeaveTheSvgWellFormed() {
        List<String> hostile = List.of("]]><b a='&\">", "\u0000\uFFFE\uD800\u202E\u0301");
        List<String> texts =
                SvgText.of(
                        heatmap(WEIGHTS)
                                .optTokens(hostile)
                                .optTitle("\u0001<\uDC00&")
                                .build()
                                .svg());
        assertTrue(texts.contains("]]><b\u2423a='&\">"), texts::toString);
        assertTrue(texts.contains("< &"), texts::toString);
        assertTrue(texts.contains("\u2400U+FFFE\uFFFDU+202E\u25CC\u0301"), texts::toString);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 40, 64, 300, 1024})
    void labelsKeepTheirDistance(int tokens) {
        List<String> labels = Collections.nCopies(tokens, "tokens");
        HeatmapLayout layout =
                new HeatmapLayout(
                        AttentionWeights.of(new float[tokens][tokens]), labels, false, false);
        assertTrue(layout.rowStride() * layout.pitch() >= HeatmapLayout.LINE);
        double lines =
                layout.isTurned()
                        ? HeatmapLayout.LINE
                        : FittedTitle.width("tokens", HeatmapLayout.LABEL_FONT);
        assertTrue(layout.columnStride() * layout.pitch() >= lines);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "token", "incomprehensibilities", "\u4E16\u754C", "\uD83D\uDE42"})
    void nothingIsCutAtTheEdge(String token) {
        for (int tokens : new int[] {1, 3, 50}) {
            BufferedImage image =
                    heatmap(uniform(tokens))
                            .optTokens(Collections.nCopies(tokens, token))
                            .optTitle("A title that is longer than the picture is wide ".repeat(9))
                            .build()
                            .image();
            assertFalse(drawsAtTheEdge(image), tokens + " tokens");
        }
    }

    @Test
    void refusesWhatItCannotDraw() {
        assertRefused(AttentionHeatmap.builder(), "call setWeights");
        assertRefused(heatmap(WEIGHTS).optTokens(List.of("one")), "1 tokens but weights for 2");
        assertRefused(heatmap(WEIGHTS).optHead(1), "head=1 must be from 0 to 0");
        assertRefused(heatmap(uniform(300)).optValues(true), "more than 10000");
        assertRefused(new float[][] {{1, 0}, {1}}, "row 1 has 1 weights; give 2");
        assertRefused(new float[][] {{1, 0}, {Float.NaN, 1}}, "weight NaN in row 1, column 0");
        assertRefused(new float[][] {{1, 0}, {2, -1}}, "weight -1.0 in row 1, column 1");
        assertRefused(new float[0][0], "there are no weights");
        try (NDManager manager = ComputeDevice.newManager()) {
            for (Shape shape :
                    List.of(
                            new Shape(4),
                            new Shape(2, 3),
                            new Shape(2, 1, 3, 3),
                            new Shape(1, 1, 1, 2, 2))) {
                assertRefused(manager.ones(shape), shape + " must be (T, T)");
            }
            List<NDArray> different =
                    List.of(manager.ones(new Shape(2, 3, 3)), manager.ones(new Shape(3, 3)));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> AttentionHeatmap.builder().setWeights(different));
        }
    }

    private static void assertRefused(Object weights, String reason) {
        IllegalArgumentException e =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> {
                            AttentionHeatmap.Builder builder = AttentionHeatmap.builder();
                            if (weights instanceof float[][] rows) {
                                builder.setWeights(rows);
                            } else if (weights instanceof NDArray array) {
                                builder.setWeights(array);
                            } else {
                                ((AttentionHeatmap.Builder) weights).build();
                            }
                        });
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }

    private static AttentionHeatmap.Builder heatmap(float[][] weights) {
        return AttentionHeatmap.builder().setWeights(weights);
    }

    private static float[][] uniform(int tokens) {
        float[][] weights = new float[tokens][tokens];
        for (float[] row : weights) {
            Arrays.fill(row, 1f / tokens);
        }
        return weights;
    }

    /** Returns the color in the middle of a cell of a 2 by 2 picture without title. */
    private static Color cell(BufferedImage image, int row, int column) {
        HeatmapLayout layout =
                new HeatmapLayout(AttentionWeights.of(WEIGHTS), List.of("0", "1"), false, false);
        return cellOf(image, layout.panel(0), row, column);
    }

    private static Color cellOf(BufferedImage image, Rectangle panel, int row, int column) {
        int x = panel.x + (2 * column + 1) * panel.width / 4;
        int y = panel.y + (2 * row + 1) * panel.height / 4;
        return new Color(image.getRGB(x, y));
    }

    private static boolean drawsAtTheEdge(BufferedImage image) {
        int background = PlotTheme.LIGHT.background().getRGB();
        int right = image.getWidth() - 1;
        int bottom = image.getHeight() - 1;
        return IntStream.rangeClosed(0, right)
                        .anyMatch(
                                x ->
                                        image.getRGB(x, 0) != background
                                                || image.getRGB(x, bottom) != background)
                || IntStream.rangeClosed(0, bottom)
                        .anyMatch(
                                y ->
                                        image.getRGB(0, y) != background
                                                || image.getRGB(right, y) != background);
    }
}
