package org.djlgpt.cli;

import static org.djlgpt.cli.Command.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ClassifierDirectory;
import org.djlgpt.model.Lora;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Labels that are learned by command. */
class LabelsCommandTest {

    @TempDir private static Path folder;
    private static Path tokenizer;
    private static Path texts;
    private static SmallLesson lesson;

    @BeforeAll
    static void prepare() throws IOException {
        tokenizer = Files.createDirectories(folder.resolve("tokenizer"));
        CharTokenizer.fromText("abcdefgh,\n").save(tokenizer);
        texts = write("texts.csv", "text,label\n" + lines(60));
        lesson =
                new SmallLesson(
                        "--labels",
                        texts,
                        List.of(
                                "--tokenizer",
                                tokenizer,
                                "--layers",
                                1,
                                "--heads",
                                2,
                                "--embedding-dim",
                                16,
                                "--context-length",
                                8));
    }

    /** A text begins with one of two letters, which is its label. */
    private static String lines(int count) {
        return IntStream.range(0, count)
                .mapToObj(
                        i ->
                                i % 3 == 0
                                        ? "a" + (char) ('c' + i % 6) + ",first"
                                        : "b" + (char) ('c' + i % 5) + ",second")
                .collect(Collectors.joining("\n"));
    }

    private static Path write(String name, String lines) throws IOException {
        return Files.writeString(folder.resolve(name), lines);
    }

    @Test
    void theLabelsAreLearned() {
        Command command = lesson.train(folder.resolve("learned"), "--steps", 60);

        assertEquals(0, command.exitCode(), command.err());
        assertTrue(
                command.out().contains(": 54 to train on, 6 held out, labels first, second"),
                command.out());
        assertTrue(command.out().contains("0.6365  knowing how often each"), command.out());
        assertTrue(command.out().contains("accuracy 1.0000 of 6 texts"), command.out());
    }

    @Test
    void aRunGoesOnToTheSameClassifier() throws IOException {
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        Object[] frozen = {"--freeze", "embeddings,0", "--layers", 2};
        assertEquals(0, lesson.train(whole, with(frozen, "--steps", 8)).exitCode());
        assertEquals(
                0, lesson.train(parts, with(frozen, "--steps", 4, "--decay-steps", 8)).exitCode());

        Command resumed = Command.gpt("train", "--resume", parts, "--steps", 8);

        assertEquals(0, resumed.exitCode(), resumed.err());
        assertArrayEquals(
                Files.readAllBytes(whole.resolve("model.safetensors")),
                Files.readAllBytes(parts.resolve("model.safetensors")));
    }

    private static Object[] with(Object[] options, Object... more) {
        return Stream.concat(Stream.of(options), Stream.of(more)).toArray();
    }

    @Test
    void anAdapterOfAClassifierIsMergedIntoIt() throws Exception {
        Path text = Files.writeString(folder.resolve("text.txt"), "abcdefgh,\n".repeat(40));
        Path base = folder.resolve("base");
        assertEquals(0, SmallText.train(text, base, "--tokenizer", tokenizer).exitCode());
        Path out = folder.resolve("adapted");

        Command command =
                Command.gpt(
                        "train",
                        "--labels",
                        texts,
                        "--init-from",
                        base,
                        "--lora-rank",
                        2,
                        "--steps",
                        4,
                        "--out",
                        out);

        assertEquals(0, command.exitCode(), command.err());
        try (NDManager manager = ComputeDevice.newManager()) {
            assertTrue(Lora.config(ClassifierDirectory.load(out, manager)).isEmpty());
        }
        Command resumed = Command.gpt("train", "--resume", out, "--steps", 6);
        assertEquals(0, resumed.exitCode(), resumed.err());
        assertRefused(begin(base, base), "--out " + base, "which a classifier would replace");
        assertRefused(
                begin(out, folder.resolve("never")), "--init-from " + out + " is a classifier");
    }

    private static Command begin(Path model, Path out) {
        return Command.gpt("train", "--labels", texts, "--init-from", model, "--out", out);
    }

    @Test
    void aRunThatNeverImprovedSaysItsLossAgain() {
        Path out = folder.resolve("worse");
        Command worse = lesson.train(out, "--learning-rate", 0.5, "--weight-decay", 0);

        Command again = Command.gpt("train", "--resume", out);

        assertFalse(worse.out().contains(", best"), worse.out());
        assertEquals(losses(worse), losses(again));
    }

    private static String losses(Command command) {
        assertEquals(0, command.exitCode(), command.err());
        return command.out().substring(command.out().indexOf("Loss "));
    }

    @Test
    void ofManyLabelsTheFirstAreNamed() throws IOException {
        String lines =
                IntStream.range(0, 60)
                        .mapToObj(i -> "ab,label" + i % 30)
                        .collect(Collectors.joining("\n", "text,label\n", "\n"));
        Path many = write("many.csv", lines);

        Command command =
                lesson.train(folder.resolve("many"), "--labels", many, "--validation-share", 0.5);
        Command few = lesson.train(folder.resolve("never"), "--labels", many);

        assertEquals(0, command.exitCode(), command.err());
        assertTrue(command.out().contains("label26 and 10 more\n"), command.out());
        assertRefused(few, "--validation-share=0.1 of the texts of each of 30 labels");
    }

    @Test
    void textsThatDoNotFitAreNamedAndNothingIsLeft() throws IOException {
        Path out = folder.resolve("never");
        Path other = write("other.csv", "text,label\nab,third\n");
        Path one = write("one.csv", "text,label\nab,first\nac,first\n");
        Path unlabelled = write("unlabelled.csv", "text,kind\nab,first\n");

        assertRefused(lesson.train(out, "--validation", other), "other.csv line 2", "third");
        assertRefused(lesson.train(out, "--labels", one), "first");
        assertRefused(lesson.train(out, "--labels", unlabelled), "label");
        assertRefused(
                lesson.train(out, "--examples", texts),
                "--examples and --labels do not go together");
        assertRefused(lesson.train(out, "--data", texts), "--data", "does not go with --labels");
        assertFalse(Files.exists(out));
    }
}
