package org.djlgpt.cli;

import static org.djlgpt.cli.Command.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Preferences that are learned by command. */
class PreferencesCommandTest {

    @TempDir private static Path folder;
    private static Path base;
    private static Path pairs;
    private static SmallLesson lesson;

    @BeforeAll
    static void prepare() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "the quick fox\n".repeat(40));
        base = folder.resolve("base");
        Command command = SmallText.train(text, base, "--context-length", 16);
        assertEquals(0, command.exitCode(), command.err());
        pairs = write("pairs.jsonl", pairs("fox", "tick"));
        lesson =
                new SmallLesson(
                        "--preferences",
                        pairs,
                        List.of("--init-from", base, "--lora-rank", 4, "--learning-rate", 0.02));
    }

    private static Path write(String name, String lines) throws IOException {
        return Files.writeString(folder.resolve(name), lines);
    }

    private static String pairs(String better, String worse) {
        return IntStream.range(0, 20)
                .mapToObj(i -> "the quick ".substring(i % 5))
                .map(
                        prompt ->
                                "{\"prompt\":\"%s\",\"chosen\":\"%s\",\"rejected\":\"%s\"}"
                                        .formatted(prompt, better, worse))
                .collect(Collectors.joining("\n"));
    }

    @Test
    void theBetterAnswerGainsAndTheWorseOneLoses() {
        Command command = lesson.train(folder.resolve("learned"), "--steps", 30);

        assertEquals(0, command.exitCode(), command.err());
        String out = command.out();
        assertTrue(out.contains(": 18 to train on, 2 held out"), out);
        assertTrue(out.contains(" 0/30  validation loss 0.6931, before training"), out);
        assertTrue(out.contains("0.6931  preferring nothing"), out);
        assertTrue(out.contains("1.0000  of them it tells apart"), out);
    }

    @Test
    void aRunGoesOnToTheSameAdapter() throws IOException {
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        assertEquals(0, lesson.train(whole, "--steps", 6).exitCode());
        assertEquals(0, lesson.train(parts, "--steps", 3, "--decay-steps", 6).exitCode());

        Command resumed = Command.gpt("train", "--resume", parts, "--steps", 6);

        assertEquals(0, resumed.exitCode(), resumed.err());
        assertArrayEquals(
                Files.readAllBytes(whole.resolve("adapter_model.safetensors")),
                Files.readAllBytes(parts.resolve("adapter_model.safetensors")));
    }

    @Test
    void whatCanNotBeLearnedIsNamedAndNothingIsLeft() throws IOException {
        Path out = folder.resolve("never");
        Path same = write("same.jsonl", pairs("fox", "fox"));
        Path unanswered = write("empty.jsonl", pairs("", "fox"));

        assertRefused(lesson.train(out, "--preferences", same), "same.jsonl line 1");
        assertRefused(
                lesson.train(out, "--preferences", unanswered), "empty.jsonl line 1", "chosen");
        Command weak = lesson.train(out, "--beta", 0);
        assertRefused(weak, "--beta=0.0 must be positive");
        assertEquals("", weak.out());
        assertRefused(lesson.train(out, "--pack"), "--pack is for --examples");
        assertRefused(
                Command.gpt("train", "--preferences", pairs, "--init-from", base, "--out", out),
                "--preferences need a new adapter");
        assertRefused(Command.gpt("train", "--beta", 1, "--out", out), "--beta is for");
        assertFalse(Files.exists(out));
    }
}
