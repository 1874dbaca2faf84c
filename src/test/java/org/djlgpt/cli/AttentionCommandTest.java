package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import javax.imageio.ImageIO;

class AttentionCommandTest {

    @TempDir private static Path folder;
    @TempDir private Path pictures;
    private static Path model;

    @BeforeAll
    static void train() {
        model = folder.resolve("tiny");
        assertEquals(0, SmallText.train(SmallText.in(folder), model, "--layers", 2).exitCode());
    }

    @Test
    void drawsAllHeadsAsAnImage() throws IOException {
        Path png = pictures.resolve("all.png");
        Command command = attention("the fox", png, "--theme", "dark");
        assertEquals("", command.err());
        assertEquals(0, command.exitCode());
        assertEquals(png + System.lineSeparator(), command.out());
        assertEquals(0xFF1B1B1F, ImageIO.read(png.toFile()).getRGB(0, 0));
    }

    @Test
    void drawsWhatIsAskedForWithTheTextAtTheAxes() throws IOException {
        Path svg = pictures.resolve("layer.svg");
        assertEquals(0, attention("the fox", svg, "--layer", 1).exitCode());
        String layer = Files.readString(svg);
        assertTrue(layer.contains(">tiny, layer 1<"), layer);
        assertTrue(layer.contains(">head 0<") && layer.contains(">head 1<"));
        assertTrue(layer.contains(">\u2423<") && layer.contains(">x<"));

        assertEquals(0, attention("the fox", svg, "--head", 1).exitCode());
        String head = Files.readString(svg);
        assertTrue(head.contains(">tiny, head 1<"), head);
        assertTrue(head.contains(">layer 0<") && head.contains(">layer 1<"));
    }

    @Test
    void thePageHoldsTheWeightsOfTheModel() throws Exception {
        Path html = pictures.resolve("page.html");
        assertEquals(0, attention("fox", html).exitCode());
        String page = Files.readString(html);
        assertTrue(page.contains("\"tokens\":[\"f\",\"o\",\"x\"]"), page);
        assertTrue(page.contains("\"weights\":" + expectedWeights("fox")), page);
    }

    /** Asks the model itself. */
    private static String expectedWeights(String text) throws Exception {
        try (NDManager manager = ComputeDevice.newManager()) {
            int[] ids = Tokenizer.load(model).encode(text);
            NDArray tokens = manager.create(ids).expandDims(0);
            return ModelDirectory.load(model, manager).attentionWeights(tokens).stream()
                    .map(layer -> Stream.of(0, 1).map(head -> rows(layer.get(0, head))).toList())
                    .toList()
                    .toString()
                    .replace(" ", "");
        }
    }

    private static List<String> rows(NDArray head) {
        return Stream.of(0, 1, 2)
                .map(
                        row -> {
                            float[] weights = head.get(row).toFloatArray();
                            return Stream.of(0, 1, 2)
                                    .limit(row + 1)
                                    .map(column -> Math.round(weights[column] * 10_000))
                                    .toList()
                                    .toString();
                        })
                .toList();
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--out   | a.jpg        | a.jpg is neither picture nor page; end its name in .png",
                "--out   | /no/where.png | where.png: its directory does not exist; create it",
                "--text  | ''           | the text is empty; give at least one character",
                "--text  | fox FOX      | the character 'F' (U+0046) at index 4",
                "--text  | the quick brown | the text has 15 tokens, but --model",
                "--layer | 2            | --layer=2 must be from 0 to 1",
                "--layer | -1           | --layer=-1 must be from 0 to 1",
                "--head  | 2            | --head=2 must be from 0 to 1",
                "--theme | blue         | expected one of [LIGHT, DARK]",
                "--device | tpu         | --device tpu is unknown",
                "--model | nowhere      | nowhere is no folder"
            })
    void refuses(String option, String value, String message) throws IOException {
        Command command = attention("fox", pictures.resolve("never.png"), option, value);
        assertRefused(command, message);
    }

    @Test
    void aPageHasNoUseForALayer() throws IOException {
        assertRefused(
                attention("fox", pictures.resolve("never.html"), "--layer", 0),
                "in a page a click does");
    }

    @Test
    void aFolderIsNoFileToWrite() throws IOException {
        Path directory = Files.createDirectory(pictures.resolve("folder.png"));
        assertRefused(
                Command.gpt("attention", "--model", "nowhere", "--text", "fox", "--out", directory),
                "is a directory; name a file to write");
    }

    private void assertRefused(Command command, String message) throws IOException {
        assertEquals(2, command.exitCode(), command::err);
        assertTrue(command.err().contains(message), command::err);
        try (Stream<Path> files = Files.list(pictures)) {
            assertEquals(0, files.filter(Files::isRegularFile).count());
        }
    }

    private static Command attention(String text, Path out, Object... more) {
        return Command.gpt(
                Stream.concat(
                                Stream.of(
                                        "attention",
                                        "--model",
                                        model,
                                        "--text",
                                        text,
                                        "--out",
                                        out),
                                Stream.of(more))
                        .toArray());
    }
}
