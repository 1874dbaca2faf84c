package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.model.GptConfig;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Training that goes on from a model. */
class InitFromTest {

    @TempDir private static Path folder;
    private static Path text;
    private static Path first;
    private static String firstLoss;

    @BeforeAll
    static void train() {
        text = SmallText.in(folder);
        first = folder.resolve("first");
        Command command = SmallText.train(text, first, "--learning-rate", 0.01, "--dropout", 0.25);
        assertEquals(0, command.exitCode(), command.err());
        firstLoss = find(command, "([\\d.]+)  this model on text");
    }

    @Test
    void theLossStartsWhereItWas() throws IOException {
        byte[] before = Files.readAllBytes(first.resolve("model.safetensors"));

        Command command = goOn(folder.resolve("second"), "--learning-rate", 0.01);

        assertEquals(0, command.exitCode(), command.err());
        assertEquals(firstLoss, find(command, "step +0/20 +validation loss ([\\d.]+)"));
        double loss = Double.parseDouble(find(command, "([\\d.]+)  this model on text"));
        assertTrue(loss < Double.parseDouble(firstLoss), command.out());
        assertArrayEquals(before, Files.readAllBytes(first.resolve("model.safetensors")));
    }

    @Test
    void sizesAndTokenizerAreThoseOfTheFolder() throws Exception {
        Path second = folder.resolve("without h");
        Path other = Files.writeString(folder.resolve("other.txt"), "quick dog; ".repeat(200));

        Command command =
                Command.gpt(
                        "train",
                        "--init-from",
                        first,
                        "--data",
                        other,
                        "--out",
                        second,
                        "--steps",
                        1,
                        "--eval-batches",
                        1);

        assertEquals(0, command.exitCode(), command.err());
        assertEquals(ModelDirectory.config(first), ModelDirectory.config(second));
        assertEquals(29, Tokenizer.load(second).vocabSize());
    }

    @Test
    void theModelMayGoWhereItCameFrom() throws Exception {
        Path same = folder.resolve("same");
        assertEquals(0, goOn(same).exitCode());
        byte[] before = Files.readAllBytes(same.resolve("model.safetensors"));

        Command command = SmallText.train(text, same, "--init-from", same);

        assertEquals(0, command.exitCode(), command.err());
        assertFalse(Arrays.equals(before, Files.readAllBytes(same.resolve("model.safetensors"))));
    }

    @Test
    void theDropoutMayDiffer() throws Exception {
        Path second = folder.resolve("dropout");

        assertEquals(0, goOn(second, "--dropout", 0.5).exitCode());

        GptConfig expected = ModelDirectory.config(first).withDropout(0.5f);
        assertEquals(expected, ModelDirectory.config(second));
    }

    @ParameterizedTest
    @CsvSource({
        "--layers, 2, 1",
        "--heads, 4, 2",
        "--embedding-dim, 32, 16",
        "--context-length, 6, 12"
    })
    void anotherSizeIsRefused(String option, int given, int stored) {
        assertRefused(
                goOn(folder.resolve("never"), option, given),
                "%s=%d contradicts the model of --init-from %s, which has %d; leave it out"
                        .formatted(option, given, first, stored));
    }

    @Test
    void anotherActivationIsRefused() {
        Path same = folder.resolve("same activation");
        assertEquals(0, goOn(same, "--activation", "gelu_tanh").exitCode());
        assertRefused(
                goOn(folder.resolve("never"), "--activation", "gelu"),
                "--activation=gelu contradicts the model of --init-from %s, which has gelu_tanh"
                        .formatted(first));
    }

    @Test
    void aBiasThatTheModelLacksIsRefused() {
        assertRefused(
                goOn(folder.resolve("never"), "--qkv-bias"),
                "--qkv-bias contradicts the model of --init-from " + first);
    }

    @Test
    void tokensThatTheModelDoesNotKnowAreRefused() throws IOException {
        Path never = folder.resolve("never");
        Path ids = Files.write(folder.resolve("ids.bin"), new byte[400]);

        assertRefused(SmallText.train(ids, never, "--init-from", first), "characters do not fit");
        assertRefused(
                goOn(never, "--tokenizer", "gpt2"),
                "--tokenizer gpt2 contradicts --init-from, whose tokenizer is char");
    }

    @Test
    void aFolderThatHoldsNoModelIsRefused() throws IOException {
        Path never = folder.resolve("never");
        Path bare = Files.createDirectories(folder.resolve("bare"));
        Path wordless = copyOfFirst("wordless");
        Files.delete(wordless.resolve("char_tokenizer.json"));
        Path wordy = copyOfFirst("wordy");
        CharTokenizer.fromText(SmallText.TEXT + "ABC").save(wordy);

        assertRefused(
                SmallText.train(text, never, "--init-from", folder.resolve("nowhere")),
                "nowhere is no folder; name one with a model");
        assertRefused(SmallText.train(text, never, "--init-from", bare), "config.json: is missing");
        assertRefused(SmallText.train(text, never, "--init-from", wordless), "holds no tokenizer");
        assertRefused(
                SmallText.train(text, never, "--init-from", wordy),
                "has a tokenizer of 32 ids, but its model knows 29");
    }

    private static Path copyOfFirst(String name) throws IOException {
        Path copy = Files.createDirectories(folder.resolve(name));
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(first.resolve(file), copy.resolve(file));
        }
        Files.copy(first.resolve("char_tokenizer.json"), copy.resolve("char_tokenizer.json"));
        return copy;
    }

    private static Command goOn(Path out, Object... more) {
        Object[] options = new Object[more.length + 2];
        options[0] = "--init-from";
        options[1] = first;
        System.arraycopy(more, 0, options, 2, more.length);
        return SmallText.train(text, out, options);
    }

    private static String find(Command command, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(command.out());
        assertTrue(matcher.find(), () -> pattern + " is not in\n" + command.out());
        return matcher.group(1);
    }

    private static void assertRefused(Command command, String message) {
        assertEquals(2, command.exitCode(), command::err);
        assertTrue(command.err().contains(message), command::err);
        assertFalse(Files.exists(folder.resolve("never")), "a start that failed left a folder");
    }
}
