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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** Any value of any option is taken, or refused in one line, and nothing appears elsewhere. */
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

    @Test
    void generateTakesOrRefusesAnyValue() throws IOException {
        List<Object> usual =
                List.of("generate", "--model", model, "--prompt", "fox", "--max-new-tokens", 2);
        fuzz(usual, 150);
    }

    @Test
    void evalTakesOrRefusesAnyValue() throws IOException {
        fuzz(List.of("eval", "--model", model, "--data", text), 40);
    }

    @Test
    void trainTakesOrRefusesAnyValue() throws IOException {
        Path out = folder.resolve("out");
        List<Object> tiny = new ArrayList<>(List.of("train", "--data", text, "--out", out));
        tiny.addAll(List.of("--layers", 1, "--heads", 2, "--embedding-dim", 16));
        tiny.addAll(List.of("--context-length", 12, "--batch-size", 2, "--steps", 1));
        tiny.addAll(List.of("--eval-batches", 1));
        fuzz(tiny, 60);
    }

    private static void fuzz(List<Object> usual, int runs) throws IOException {
        List<String> options =
                new CommandLine(new Gpt())
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
        Collections.shuffle(cases, new Random(1));
        for (String option : cases.subList(0, Math.min(runs, cases.size()))) {
            List<Object> arguments = new ArrayList<>(usual);
            arguments.add(option);
            Command command = Command.gpt(arguments.toArray());
            assertTrue(Set.of(0, 2).contains(command.exitCode()), option + command.err());
            assertFalse(command.err().contains("\tat "), option + command.err());
            assertTrue(command.exitCode() == 0 || command.err().startsWith("gpt: "), option);
        }
        try (Stream<Path> files = Files.list(folder)) {
            Set<String> known = Set.of("small.txt", "model", "out");
            assertTrue(files.allMatch(file -> known.contains(file.getFileName().toString())));
        }
    }
}
