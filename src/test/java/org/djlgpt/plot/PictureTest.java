package org.djlgpt.plot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import javax.imageio.ImageIO;

class PictureTest {

    @TempDir Path directory;

    static Stream<Picture> pictures() {
        return Stream.of(
                AttentionHeatmap.builder().setWeights(new float[][] {{1, 0}, {0.5f, 0.5f}}).build(),
                Distribution.builder()
                        .setLabels(List.of("a", "b"))
                        .addSeries("p", 0.7f, 0.3f)
                        .build(),
                LineChart.builder().setX(0, 1).addSeries("s", 1, 2).build(),
                LossCurve.builder().setTraining(new long[] {0, 5}, new double[] {3, 2}).build());
    }

    @ParameterizedTest
    @MethodSource("pictures")
    void theEndOfTheNameChoosesTheFormat(Picture picture) throws IOException {
        picture.save(directory.resolve("picture.PNG"));
        picture.save(directory.resolve("picture.svg"));
        BufferedImage png = ImageIO.read(directory.resolve("picture.PNG").toFile());
        assertArrayEquals(rgb(picture.image()), rgb(png));
        String svg = Files.readString(directory.resolve("picture.svg"));
        assertEquals(picture.svg(), svg);
        SvgText.of(svg);
        assertTrue(svg.contains(" width=\"%d\"".formatted(png.getWidth())), svg.substring(0, 900));
        assertTrue(svg.contains(" height=\"%d\"".formatted(png.getHeight())));
    }

    @ParameterizedTest
    @MethodSource("pictures")
    void anSvgAsksTheNetworkForNothing(Picture picture) {
        String svg = picture.svg();
        assertFalse(svg.contains("<!DOCTYPE"), "a parser would fetch the document type");
        assertFalse(svg.contains("href"), "a reference");
        assertFalse(svg.contains("url(http"), "a reference");
    }

    @ParameterizedTest
    @MethodSource("pictures")
    void otherNamesAreRefused(Picture picture) throws IOException {
        for (String name : List.of("picture.jpg", "picture", "png", "picture.png.gz")) {
            Path file = directory.resolve(name);
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> picture.save(file));
            assertTrue(e.getMessage().contains(name + " is no picture file"), e.getMessage());
            assertTrue(e.getMessage().contains(".png or .svg"), e.getMessage());
        }
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
    }

    private static int[] rgb(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }
}
