package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import org.djlgpt.testing.OnCpu;
import org.djlgpt.training.Checkpoint;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/** Real processes that are killed or told to stop, and go on. */
@OnCpu(OnCpu.BITS)
class KilledTrainingTest {

    private static final int LONGEST_LIFE_MILLIS = 300;
    private static final int ENDLESS = 1_000_000;

    @TempDir private Path folder;

    @Test
    @Timeout(120)
    void aTrainingThatIsKilledAFewTimesEndsAsThoughItHadNotBeen() throws Exception {
        killAndCompare(5);
    }

    /** The long form, for {@code mvn -Psoak test}. */
    @Test
    @Tag("soak")
    @Timeout(1800)
    void aTrainingThatIsKilledFiftyTimesEndsAsThoughItHadNotBeen() throws Exception {
        killAndCompare(50);
    }

    @Test
    @Timeout(60)
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aRequestToEndSavesAndSaysSo() throws Exception {
        stop("TERM", 143);
    }

    @Test
    @Timeout(60)
    @EnabledOnOs(OS.LINUX)
    void anInterruptSavesAndSaysSo() throws Exception {
        assumeFalse(isIgnored(2), "whoever started this process has switched Ctrl-C off");
        stop("INT", 130);
    }

    /** On a terminal a bar moves, and whatever draws it may have its own idea of Ctrl-C. */
    @ParameterizedTest
    @CsvSource({"TERM, xterm, true, true", "NO_COLOR, 1, true, false", "TERM, dumb, false, false"})
    @Timeout(60)
    @EnabledOnOs(OS.LINUX)
    void ctrlCOnATerminalSavesAndSaysSo(String variable, String value, boolean bar, boolean color)
            throws Exception {
        assumeFalse(isIgnored(2), "whoever started this process has switched Ctrl-C off");
        Path out = folder.resolve("in a terminal");
        List<Object> options = SmallText.options(SmallText.in(folder), out, options(ENDLESS, 20));
        try (TrainingProcess training =
                TrainingProcess.trainInTerminal(
                        Map.of(variable, value), options.subList(1, options.size()).toArray())) {
            training.awaitStep();
            training.pressCtrl('C');

            assertEquals(130, training.exitCode(), training::said);
            assertTrue(
                    training.said().contains("Stopped  after step " + step(out)), training::said);
            assertEquals(bar, training.said().contains("/1000000 (0:00:"), training::said);
            assertEquals(bar, training.written().contains("\033["), training::written);
            assertEquals(color, training.written().contains("\033[33m"), training::written);
        }
        assertTrue(step(out) > 0);
    }

    @Test
    @Timeout(60)
    void aSecondTrainingInTheFolderIsRefused() throws Exception {
        Path text = SmallText.in(folder);
        Path out = folder.resolve("shared");
        try (TrainingProcess first = start(text, out)) {
            first.awaitStep();
            for (Command second :
                    List.of(
                            train(text, out, 10, 1),
                            train(text, folder.resolve("shared/../shared/."), 10, 1),
                            Command.gpt("train", "--resume", out),
                            Command.gpt("train", "--init-from", out, "--out", out))) {
                assertEquals(2, second.exitCode(), second::err);
                assertTrue(
                        second.err().contains("is in use: process " + first.pid() + " trains"),
                        second::err);
                assertTrue(second.err().contains("name another folder"), second::err);
            }
            first.kill();
        }
        int steps = step(out) + 20;
        Command next = Command.gpt("train", "--resume", out, "--steps", steps);
        assertEquals(0, next.exitCode(), next::err);
        assertEquals(steps, step(out));
    }

    /** Kills at random moments; most of the time a checkpoint is being written. */
    private void killAndCompare(int kills) throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Path text = SmallText.in(folder);
        Path killed = folder.resolve("killed");
        int reached = 0;
        for (int i = 0; i < kills; i++) {
            boolean isBegun = Files.exists(killed.resolve("checkpoint.safetensors"));
            try (TrainingProcess training = isBegun ? resume(killed) : start(text, killed)) {
                assertEquals(isBegun, training.said().contains("resumed"), training::said);
                Thread.sleep(random.nextInt(LONGEST_LIFE_MILLIS));
                training.kill();
            }
            int step = step(killed);
            assertTrue(step >= reached, "seed " + seed + ": from " + reached + " to " + step);
            reached = step;
        }
        assertTrue(reached > 0, "no process lived long enough");
        int steps = reached + 30;
        Command end = Command.gpt("train", "--resume", killed, "--steps", steps);
        Path whole = folder.resolve("whole");
        Command uninterrupted = train(text, whole, steps, steps);

        assertEquals(0, end.exitCode(), end::err);
        assertEquals(0, uninterrupted.exitCode(), uninterrupted::err);
        assertEquals(losses(whole), losses(killed), "seed " + seed);
        assertArrayEquals(
                Files.readAllBytes(whole.resolve("model.safetensors")),
                Files.readAllBytes(killed.resolve("model.safetensors")));
        assertEquals(files(whole), files(killed), "something half-written was left");
    }

    private static TrainingProcess start(Path text, Path out) throws IOException {
        List<Object> options = SmallText.options(text, out, options(ENDLESS, 1));
        return TrainingProcess.train(options.subList(1, options.size()).toArray());
    }

    private static TrainingProcess resume(Path run) throws IOException {
        return TrainingProcess.train("--resume", run);
    }

    private static Command train(Path text, Path out, int steps, int checkpointEvery) {
        return SmallText.train(text, out, options(steps, checkpointEvery));
    }

    private static Object[] options(int steps, int checkpointEvery) {
        return new Object[] {
            "--steps",
            steps,
            "--decay-steps",
            300,
            "--eval-every",
            20,
            "--dropout",
            0.2,
            "--gradient-accumulation",
            2,
            "--checkpoint-every",
            checkpointEvery
        };
    }

    private void stop(String signal, int exitCode) throws Exception {
        Path out = folder.resolve("stopped");
        try (TrainingProcess training = start(SmallText.in(folder), out)) {
            training.awaitStep();
            training.signal(signal);

            assertEquals(exitCode, training.exitCode(), training::said);
            assertTrue(
                    training.said().contains("Stopped  after step " + step(out)), training::said);
            assertTrue(training.said().contains("train --resume " + out), training::said);
        }
        assertTrue(step(out) > 0);
    }

    private static boolean isIgnored(int signal) throws IOException {
        String ignored =
                Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .map(line -> line.substring(7).strip())
                        .findFirst()
                        .orElse("0");
        return new BigInteger(ignored, 16).testBit(signal - 1);
    }

    /** Returns the step of the checkpoint, 0 if there is none yet. */
    private static int step(Path run) throws Exception {
        Path file = run.resolve("checkpoint.safetensors");
        return Files.exists(file) ? Checkpoint.read(file).step() : 0;
    }

    private static List<String> losses(Path run) throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .map(line -> line.replaceAll("\"tokens_per_second\":.*", ""))
                .toList();
    }

    private static List<String> files(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
