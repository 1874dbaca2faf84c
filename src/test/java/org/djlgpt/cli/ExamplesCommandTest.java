package org.djlgpt.cli;

import static org.djlgpt.cli.Command.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Answers that are learned by command. */
class ExamplesCommandTest {

    @TempDir private static Path folder;
    private static Path tokenizer;
    private static Path examples;
    private static SmallLesson lesson;

    @BeforeAll
    static void prepare() throws IOException {
        examples = write("doubles.jsonl", doubles(60));
        tokenizer = folder.resolve("tokenizer");
        Path text = Files.writeString(folder.resolve("letters.txt"), "double abc is : ".repeat(9));
        Command learnt =
                Command.gpt(
                        "tokenizer",
                        "train",
                        "--data",
                        text,
                        "--vocab-size",
                        260,
                        "--out",
                        tokenizer);
        assertEquals(0, learnt.exitCode(), learnt.err());
        lesson =
                new SmallLesson(
                        "--examples",
                        examples,
                        List.of(
                                "--tokenizer",
                                tokenizer,
                                "--layers",
                                1,
                                "--heads",
                                2,
                                "--embedding-dim",
                                32,
                                "--context-length",
                                48));
    }

    /** A letter is to be given twice. */
    private static String doubles(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> String.valueOf((char) ('a' + i % 26)))
                .map(
                        x ->
                                "{\"prompt\": \"double %s: \", \"completion\": \"%s%s\"}"
                                        .formatted(x, x, x))
                .collect(Collectors.joining("\n"));
    }

    private static Path write(String name, String lines) throws IOException {
        return Files.writeString(folder.resolve(name), lines);
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void theAnswersAreLearned(boolean isPacked) {
        Path out = folder.resolve("learned-" + isPacked);

        Command command =
                isPacked
                        ? lesson.train(out, "--steps", 150, "--batch-size", 8, "--pack")
                        : lesson.train(out, "--steps", 150, "--batch-size", 20);

        assertEquals(0, command.exitCode(), command.err());
        assertTrue(command.out().contains(": 54 to train on, 6 held out"), command.out());
        assertTrue(command.out().contains("of which 162 are learned"), command.out());
        assertTrue(
                command.out().contains(isPacked ? " tokens in 14 rows" : " in 54 rows"),
                command.out());
        assertTrue(command.out().contains("double c: cc"), command.out());
    }

    @Test
    void evalMeasuresAnswersAlone() {
        Path out = folder.resolve("measured");
        Command training = lesson.train(out, "--validation", examples, "--eval-batches", 60);
        assertEquals(0, training.exitCode(), training.err());

        Command command = Command.gpt("eval", "--model", out, "--examples", examples);

        assertEquals(0, command.exitCode(), command.err());
        String loss = command.out().replaceFirst("(?s)loss +([\\d.]+) nats per token of.*", "$1");
        assertTrue(training.out().contains(loss + "  this model"), command.out());
        assertTrue(command.out().contains("of which 180 count"), command.out());
        assertRefused(Command.gpt("eval", "--model", out), "--data is missing");
        assertRefused(
                Command.gpt("eval", "--model", out, "--data", examples, "--examples", examples),
                "do not go together");
    }

    @Test
    void aRunGoesOnToTheSameModel() throws IOException {
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        assertEquals(0, lesson.train(whole, "--steps", 8).exitCode());
        assertEquals(0, lesson.train(parts, "--steps", 4, "--decay-steps", 8).exitCode());

        Command resumed = Command.gpt("train", "--resume", parts, "--steps", 8);

        assertEquals(0, resumed.exitCode(), resumed.err());
        assertArrayEquals(
                Files.readAllBytes(whole.resolve("model.safetensors")),
                Files.readAllBytes(parts.resolve("model.safetensors")));
    }

    @Test
    void examplesOfOnesOwnCanBeHeldOut() throws IOException {
        Path other = write("other.jsonl", doubles(3));

        Command command = lesson.train(folder.resolve("other"), "--validation", other);

        assertTrue(command.out().contains(": 60 to train on, 3 held out"), command.out());
    }

    @Test
    void conversationsNeedATemplate() throws IOException {
        String chat =
                """
                {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "aa"}]}
                """;
        Path chats = write("chats.jsonl", chat.repeat(10));

        Command without = lesson.train(folder.resolve("none"), "--examples", chats);
        Command with =
                lesson.train(
                        folder.resolve("chat"),
                        "--examples",
                        chats,
                        "--chat-template",
                        "alpaca",
                        "--context-length",
                        300);

        assertRefused(without, "template");
        assertEquals(0, with.exitCode(), with.err());
        assertTrue(Files.exists(folder.resolve("chat/chat_template.jinja")));
        assertRefused(
                lesson.train(folder.resolve("none"), "--chat-template", "klingon"),
                "klingon",
                "chatml");
    }

    @Test
    void whatIsNoExampleIsNamedAndNothingIsLeft() throws IOException {
        Path out = folder.resolve("never");
        Path bad = write("bad.jsonl", doubles(2) + "\n{\"prompt\": \"a\", \"completion\": \"\"}");

        assertRefused(lesson.train(out, "--examples", bad), "bad.jsonl line 3", "completion");
        assertRefused(
                lesson.train(out, "--data", examples), "--data", "does not go with --examples");
        assertRefused(lesson.train(out, "--strict"), "leave them out with --examples");
        assertRefused(lesson.train(out, "--tokenizer", "char"), "--examples needs a tokenizer");
        assertRefused(lesson.train(out, "--context-length", 2), "none of 60 examples");
        assertRefused(
                lesson.train(out, "--validation-share", 0.001),
                "--validation-share=0.001 of 60 example(s) is less than one");
        assertRefused(Command.gpt("train", "--pack", "--out", out), "--pack is for --examples");
        assertFalse(Files.exists(out));
    }
}
