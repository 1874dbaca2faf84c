package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.testing.OnCpu;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A run that the program left when GPT-2 was its only family: 6 of its steps are done, and {@code
 * expected.jsonl} holds the losses that the same program then had in steps 7 to 12.
 */
@OnCpu(OnCpu.DRAWS)
class OldRunTest {

    private static final String TEXT = "the quick brown fox jumps over the lazy dog;\n".repeat(12);
    private static final int DONE = 6;

    @TempDir private Path folder;
    private Path run;
    private Path text;

    @BeforeEach
    void copy() throws IOException, URISyntaxException {
        run = Files.createDirectories(folder.resolve("run"));
        text = Files.writeString(folder.resolve("text.txt"), TEXT);
        Path old = Path.of(OldRunTest.class.getResource("run-of-another-version").toURI());
        try (Stream<Path> files = Files.list(old)) {
            for (Path file : files.toList()) {
                Files.copy(file, run.resolve(file.getFileName()));
            }
        }
    }

    @Test
    void itGoesOnAsItWouldHave() throws IOException {
        List<String> expected = Files.readAllLines(run.resolve("expected.jsonl"));

        Command command = resume("--steps", DONE + expected.size(), "--eval-every", 1);

        assertEquals(0, command.exitCode(), command::err);
        List<String> metrics = Files.readAllLines(run.resolve("metrics.jsonl"));
        List<String> after = metrics.subList(metrics.size() - expected.size(), metrics.size());
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(DONE + 1 + i, loss(after.get(i), "step"));
            for (String name : new String[] {"train_loss", "validation_loss"}) {
                // the last bits are the processor's
                assertEquals(loss(expected.get(i), name), loss(after.get(i), name), 2e-6);
            }
        }
    }

    @Test
    void itsOptionsAreStillHeld() {
        Command command = resume("--layers", 3, "--learning-rate", 0.02);

        assertEquals(2, command.exitCode());
        assertTrue(
                command.err()
                        .contains(
                                "the checkpoint has --layers=2, --learning-rate=0.01, not"
                                        + " --layers=3, --learning-rate=0.02"),
                command::err);
    }

    @Test
    void whatItHasWrittenInTheNewWayGoesOn() {
        assertEquals(0, resume("--steps", 8).exitCode());

        Command command = resume("--steps", 10);

        assertEquals(0, command.exitCode(), command::err);
        assertTrue(command.out().contains("step 8/10  resumed"), command::out);
        assertTrue(resume("--dropout", 0.2).err().contains("has --dropout=0.1"));
    }

    private Command resume(Object... more) {
        return Command.gpt(
                Stream.concat(Stream.of("train", "--resume", run, "--data", text), Stream.of(more))
                        .toArray());
    }

    private static double loss(String line, String name) {
        JsonObject figures = JsonParser.parseString(line).getAsJsonObject();
        return figures.get(name).getAsDouble();
    }
}
