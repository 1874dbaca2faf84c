package org.djlgpt.cli;

import static org.djlgpt.cli.Command.gpt;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.checkpoint.ClassifierDirectory;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class ClassifyCommandTest {

    private static final CharTokenizer LETTERS = CharTokenizer.fromText("\nabcdefgh");
    private static final int CONTEXT = 6;
    private static final List<String> LABELS = List.of("ham", "spam", "eggs");

    @TempDir private static Path folder;
    private static Path classifier;
    private static Path writer;

    @BeforeAll
    static void save() throws IOException {
        classifier = folder.resolve("classifier");
        writer = folder.resolve("writer");
        try (NDManager manager = ComputeDevice.newManager()) {
            GptModel base =
                    TinyGpt.scrambled(
                            TinyGpt.size(LETTERS.vocabSize(), CONTEXT).build(), 3, manager);
            ModelDirectory.save(base, LETTERS, writer);
            SequenceClassifier model = SequenceClassifier.on(base, LABELS, 0, manager);
            ClassifierDirectory.save(model, LETTERS, classifier);
        }
    }

    @Test
    void aTextHasTheProbabilitiesOfItsLogits() throws Exception {
        float[] expected = probabilities("abc");
        Command text = gpt("classify", "--model", classifier, "--text", "abc");
        Command json = gpt("classify", "--model", classifier, "--text", "abc", "--json");

        assertEquals(0, text.exitCode(), text::err);
        String[] lines = text.out().split("\\R");
        assertEquals(3, lines.length);
        double before = 1;
        for (String line : lines) {
            String[] words = line.split(" +");
            double probability = Double.parseDouble(words[1]);
            assertEquals(expected[LABELS.indexOf(words[0])], probability, 1e-4);
            assertTrue(probability <= before, text::out);
            before = probability;
        }
        JsonObject object = JsonParser.parseString(json.out()).getAsJsonObject();
        assertEquals(lines[0].split(" ")[0], object.get("label").getAsString());
        for (int i = 0; i < 3; i++) {
            double probability =
                    object.getAsJsonObject("probabilities").get(LABELS.get(i)).getAsDouble();
            assertEquals(expected[i], probability, 1e-6);
        }
    }

    private static float[] probabilities(String text) throws Exception {
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray ids = manager.create(LETTERS.encode(text)).expandDims(0);
            return Blocks.infer(ClassifierDirectory.load(classifier, manager), ids)
                    .softmax(1)
                    .toFloatArray();
        }
    }

    @Test
    void aTextMayComeFromAFileOrStandardInput() throws Exception {
        Path file = Files.writeString(folder.resolve("text.txt"), "abc\n");
        Command given = gpt("classify", "--model", classifier, "--text", "abc");
        InputStream before = System.in;
        try {
            System.setIn(new ByteArrayInputStream("abc\n".getBytes(StandardCharsets.UTF_8)));
            Command piped = gpt("classify", "--model", classifier, "--text-file", "-");
            assertEquals(given.out(), piped.out());
        } finally {
            System.setIn(before);
        }
        Command read = gpt("classify", "--model", classifier, "--text-file", file);
        assertEquals(given.out(), read.out());
    }

    @Test
    void theTextsOfAFileAreLabelledOneByLine() throws Exception {
        Path file = Files.writeString(folder.resolve("new.csv"), "text\nabc\nhgfe\n\"b\nc\"\n");

        Command all = gpt("classify", "--model", classifier, "--data", file);
        Command single = gpt("classify", "--model", classifier, "--data", file, "--batch-size", 1);

        assertEquals(0, all.exitCode(), all::err);
        assertEquals(all.out(), single.out());
        String[] lines = all.out().split("\\R");
        assertEquals(3, lines.length);
        assertTrue(lines[2].matches("(ham|spam|eggs)\t[01]\\.\\d{4}\tb c"), lines[2]);
    }

    @Test
    void whereTheFileHasLabelsTheyAreCompared() throws Exception {
        Path file =
                Files.writeString(
                        folder.resolve("labelled.jsonl"),
                        "{\"text\": \"abc\", \"label\": \"%s\"}\n{\"text\": \"abc\", \"label\": \"%s\"}\n"
                                .formatted(best("abc"), other(best("abc"))));

        Command text = gpt("classify", "--model", classifier, "--data", file);
        Command json = gpt("classify", "--model", classifier, "--data", file, "--json");

        assertEquals(0, text.exitCode(), text::err);
        assertTrue(text.out().contains("accuracy 0.5000 of 2 texts"), text::out);
        assertTrue(text.out().contains("precision"), text::out);
        String[] lines = json.out().split("\\R");
        assertEquals(3, lines.length);
        assertEquals(
                "abc",
                JsonParser.parseString(lines[0]).getAsJsonObject().get("text").getAsString());
        JsonObject last = JsonParser.parseString(lines[2]).getAsJsonObject();
        assertEquals(0.5, last.get("accuracy").getAsDouble());
        assertEquals(3, last.getAsJsonArray("confusion").size());
    }

    private static String best(String text) {
        return gpt("classify", "--model", classifier, "--text", text).out().split(" ")[0];
    }

    private static String other(String label) {
        return label.equals("ham") ? "spam" : "ham";
    }

    @Test
    void longTextsAreCutAndCounted() throws Exception {
        Path file = Files.writeString(folder.resolve("long.csv"), "text\nabcdefgh\nab\n");

        Command cut = gpt("classify", "--model", classifier, "--data", file);

        assertEquals(0, cut.exitCode(), cut::err);
        assertTrue(cut.err().contains("1 of 2 texts have more than 6 tokens"), cut::err);
        assertEquals(
                cut.out().split("\t")[1],
                gpt("classify", "--model", classifier, "--text", "abcdef")
                        .out()
                        .split(" +|\\R")[1]);
    }

    @Test
    void wrongInputIsRefused() throws Exception {
        assertRefused("--text is missing");
        assertRefused("--data and --text are both given", "--text", "a", "--data", "x.csv");
        assertRefused("--text and --text-file are both", "--text", "a", "--text-file", "x");
        assertRefused("--text: the text is empty", "--text", " ");
        assertRefused("--text: text has the character 'x'", "--text", "ax");
        assertRefused("--batch-size=0", "--text", "a", "--batch-size", 0);
        assertRefused("none.csv", "--data", folder.resolve("none.csv"));
        Path unknown =
                Files.writeString(folder.resolve("unknown.csv"), "text,label\nab,ham\nab,bacon\n");
        assertRefused(
                "unknown.csv line 3: the label \"bacon\" is none of the classifier's, [ham, spam,"
                        + " eggs]",
                "--data",
                unknown);
        Path strange = Files.writeString(folder.resolve("strange.csv"), "text\nab\naxb\n");
        assertRefused("strange.csv line 3: text has the character 'x'", "--data", strange);
        Path other = Files.writeString(folder.resolve("other.csv"), "sms,label\nab,ham\n");
        assertRefused("no column \"text\", but [sms, label]", "--data", other);
    }

    private static void assertRefused(String message, Object... options) {
        Object[] arguments = new Object[options.length + 3];
        arguments[0] = "classify";
        arguments[1] = "--model";
        arguments[2] = classifier;
        System.arraycopy(options, 0, arguments, 3, options.length);
        assertRefused(gpt(arguments), message);
    }

    private static void assertRefused(Command refused, String message) {
        assertEquals(2, refused.exitCode(), refused::out);
        assertEquals("", refused.out());
        assertTrue(refused.err().contains(message), refused::err);
        assertEquals(1, refused.err().lines().count(), refused::err);
    }

    @Test
    void eachKindOfModelIsForItsCommands() {
        assertRefused(
                gpt("classify", "--model", writer, "--text", "a"),
                "GPT2LMHeadModel\"], which is no classifier");
        for (String command : List.of("generate", "attention", "eval")) {
            Command refused =
                    switch (command) {
                        case "generate" -> gpt(command, "--model", classifier, "--prompt", "a");
                        case "eval" -> gpt(command, "--model", classifier, "--data", writer);
                        default ->
                                gpt(
                                        command,
                                        "--model",
                                        classifier,
                                        "--text",
                                        "a",
                                        "--out",
                                        "a.svg");
                    };
            assertRefused(refused, "a classifier, which writes no text");
        }
        assertRefused(
                gpt("classify", "--model", folder.resolve("none"), "--text", "a"),
                "none is no folder");
    }

    @Test
    void infoShowsLabelsAndHead() {
        Command info = gpt("info", "--model", classifier);

        assertEquals(0, info.exitCode(), info::err);
        assertTrue(info.out().contains("labels                ham, spam, eggs"), info::out);
        assertTrue(info.out().contains("padding id            0"), info::out);
        assertTrue(info.out().contains("  head                48"), info::out);
        assertTrue(!info.out().contains("output layer"), info::out);
    }
}
