package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Whatever stands on a command line is taken, or refused in one line; nothing appears elsewhere.
 */
class OptionFuzzTest {

    private static final List<String> VALUES =
            List.of(
                    "",
                    " ",
                    "0",
                    "-1",
                    "1",
                    "0.5",
                    "-0.0",
                    "1e999",
                    "NaN",
                    "-Infinity",
                    "2147483647",
                    "-2147483648",
                    "9223372036854775808",
                    "0x10",
                    "../..",
                    "/dev/null",
                    "/proc/self/mem",
                    "a\u0000b",
                    "\uD83D",
                    "日本語 😀",
                    "%s%n{0}",
                    "@/etc/hostname",
                    "--model");

    /** What would take minutes or asks a person is left alone. */
    private static final Set<String> LEFT_OUT =
            Set.of("--interactive", "--help", "--version", "--steps", "--max-new-tokens", "--out");

    @TempDir private static Path folder;
    private static Path text;
    private static Path model;

    @BeforeAll
    static void train() {
        text = SmallText.in(folder);
        model = folder.resolve("model");
        assertEquals(0, SmallText.train(text, model).exitCode());
    }

    /** Nothing is computed here, so these are many. */
    @Test
    void anyMixtureOfWordsIsReadOrRefused() {
        Random random = new Random(2);
        List<String> words = new ArrayList<>(VALUES);
        words.addAll(
                List.of("-", "--", "-h", "-V", "-hV", "--help", "help", "-x", "---", "=", "\n"));
        for (CommandLine command : Gpt.commandLine().getSubcommands().values()) {
            words.add(command.getCommandName());
            for (OptionSpec option : command.getCommandSpec().options()) {
                words.add(option.longestName());
                words.add(option.longestName() + "=" + any(VALUES, random));
                words.add(misspelt(option.longestName(), random));
            }
        }
        for (int i = 0; i < 600; i++) {
            String[] line =
                    Stream.generate(() -> any(words, random))
                            .limit(1 + random.nextInt(6))
                            .toArray(String[]::new);
            StringWriter err = new StringWriter();
            int exitCode =
                    Gpt.commandLine()
                            .setOut(new PrintWriter(new StringWriter()))
                            .setErr(new PrintWriter(err))
                            .setExecutionStrategy(parsed -> 0)
                            .execute(line);
            assertAnswered(new Command(exitCode, "", err.toString()), String.join(" ", line));
        }
    }

    private static <T> T any(List<T> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }

    private static String misspelt(String option, Random random) {
        int at = random.nextInt(option.length());
        return option.substring(0, at)
                + any(List.of("", "x", "-", "="), random)
                + option.substring(at + 1);
    }

    @Test
    void generateTakesOrRefusesManyValues() throws IOException {
        fuzz(generate(), 150, 1);
    }

    @Test
    void severalOptionsTogetherAreTakenOrRefused() throws IOException {
        fuzz(generate(), 40, 3);
        fuzz(List.of("eval", "--model", model, "--data", text), 20, 2);
        fuzz(List.of("info", "--model", model), 10, 2);
    }

    private static List<Object> generate() {
        return List.of("generate", "--model", model, "--prompt", "fox", "--max-new-tokens", 2);
    }

    @Test
    void evalTakesOrRefusesManyValues() throws IOException {
        fuzz(List.of("eval", "--model", model, "--data", text), 40, 1);
    }

    @Test
    void attentionTakesOrRefusesManyValues() throws IOException {
        Path out = folder.resolve("out.svg");
        fuzz(List.of("attention", "--model", model, "--text", "fox", "--out", out), 40, 1);
    }

    @Test
    void trainTakesOrRefusesManyValues() throws IOException {
        Path out = folder.resolve("out");
        List<Object> tiny = new ArrayList<>(List.of("train", "--data", text, "--out", out));
        tiny.addAll(List.of("--layers", 1, "--heads", 2, "--embedding-dim", 16));
        tiny.addAll(List.of("--context-length", 12, "--batch-size", 2, "--steps", 1));
        tiny.addAll(List.of("--eval-batches", 1));
        fuzz(tiny, 60, 1);
    }

    private static void fuzz(List<Object> usual, int runs, int together) throws IOException {
        List<String> options =
                Gpt.commandLine()
                        .getSubcommands()
                        .get(usual.get(0).toString())
                        .getCommandSpec()
                        .options()
                        .stream()
                        .map(OptionSpec::longestName)
                        .filter(option -> !LEFT_OUT.contains(option))
                        .toList();
        List<String> cases = new ArrayList<>();
        for (String option : options) {
            VALUES.forEach(value -> cases.add(option + "=" + value));
        }
        cases.removeAll(List.of("--data=../..", "--validation=../..")); // whatever lies there
        Collections.shuffle(cases, new Random(together));
        for (int i = 0; i < runs && (i + 1) * together <= cases.size(); i++) {
            List<String> more = cases.subList(i * together, (i + 1) * together);
            List<Object> arguments = new ArrayList<>(usual);
            arguments.addAll(more);
            assertAnswered(Command.gpt(arguments.toArray()), more.toString());
        }
        try (Stream<Path> files = Files.list(folder)) {
            Set<String> known = Set.of("small.txt", "model", "out", "out.svg");
            assertTrue(files.allMatch(file -> known.contains(file.getFileName().toString())));
        }
    }

    private static void assertAnswered(Command command, String line) {
        String said = line + "\n" + command.err();
        assertTrue(Set.of(0, 2).contains(command.exitCode()), said);
        if (command.exitCode() == 0) {
            return;
        }
        List<String> lines = command.err().lines().toList();
        assertTrue(lines.get(0).startsWith("gpt: "), said);
        assertFalse(
                Pattern.compile("\\b(java|ai\\.djl|org)\\.[a-z]|Exception")
                        .matcher(lines.get(0))
                        .find(),
                said);
        assertTrue(
                lines.stream()
                        .skip(1)
                        .allMatch(
                                l ->
                                        l.matches(
                                                "(gpt: |Did you mean: |Possible solutions:"
                                                        + " |'gpt).*")),
                said);
    }
}
