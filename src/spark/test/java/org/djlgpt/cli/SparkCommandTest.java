package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.cli.option.OutFolder;
import org.djlgpt.spark.LocalCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** {@code gpt train --spark} on a cluster of processes. */
class SparkCommandTest {

    @TempDir private static Path folder;
    private static LocalCluster cluster;
    private static Path text;

    @BeforeAll
    static void start() throws IOException {
        cluster = new LocalCluster(2, folder);
        text = SmallText.in(folder);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    private static Object[] train(Path run, Object... more) {
        return Stream.concat(
                        Stream.of(
                                "train --layers 1 --embedding-dim 8 --heads 2 --context-length 8"
                                        .split(" ")),
                        Stream.concat(
                                Stream.of(
                                        "--data",
                                        text,
                                        "--out",
                                        run,
                                        "--spark",
                                        cluster.url(),
                                        "--spark-conf",
                                        "spark.executor.memory=512m",
                                        "--spark-conf",
                                        "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1"),
                                Stream.of(more)))
                .toArray();
    }

    private static List<String> losses(Path run) throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .map(line -> line.replaceFirst(",\"tokens_per_second.*", ""))
                .toList();
    }

    @Test
    void aRunLeavesWhatALocalOneLeavesAndGoesOnWhenItsDriverIsKilled() throws Exception {
        Object[] options = {
            "--workers",
            2,
            "--steps",
            60,
            "--sync-every",
            5,
            "--eval-every",
            10,
            "--eval-batches",
            2,
            "--exchange",
            "int8",
            "--dropout",
            0.1
        };
        Path whole = folder.resolve("whole");
        Command command = Command.gpt(train(whole, options));
        assertEquals(0, command.exitCode(), command::err);
        assertTrue(command.out().contains("step 60/60  validation loss"), command::out);
        for (String file :
                List.of("model.safetensors", "loss.png", "metrics.jsonl", "config.json")) {
            assertTrue(Files.exists(whole.resolve(file)), file);
        }
        assertEquals(2 * 12, Files.readAllLines(whole.resolve("rounds.jsonl")).size());
        assertEquals(0, Command.gpt("generate", "--model", whole, "--prompt", "the").exitCode());

        Path killed = folder.resolve("killed");
        try (TrainingProcess driver = driver(train(killed, options))) {
            driver.awaitStep();
            driver.awaitStep();
            assertTrue(driver.said().contains("step 20/60"), driver::said);
            driver.kill();
        }
        Command resumed = Command.gpt("train", "--resume", killed);

        assertEquals(0, resumed.exitCode(), resumed::err);
        assertTrue(resumed.out().contains("  resumed"), resumed::out);
        assertEquals(losses(whole), losses(killed));
        assertEquals(2 * 12, Files.readAllLines(killed.resolve("rounds.jsonl")).size());
        assertEquals(
                -1,
                Files.mismatch(
                        whole.resolve("model.safetensors"), killed.resolve("model.safetensors")));
    }

    private static TrainingProcess driver(Object... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx512m",
                                "-XX:TieredStopAtLevel=1",
                                "@src/spark/java.options",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Gpt.class.getName()));
        Stream.of(arguments).map(Object::toString).forEach(command::add);
        return TrainingProcess.start(new ProcessBuilder(command));
    }

    @Test
    @Tag("soak")
    void aRunGoesOnWheneverItsDriverIsKilled() throws Exception {
        Object[] options = {"--workers", 2, "--steps", 600, "--sync-every", 5, "--eval-every", 10};
        Path whole = folder.resolve("never-killed");
        assertEquals(0, Command.gpt(train(whole, options)).exitCode());
        Path killed = folder.resolve("often-killed");
        Random random = new Random(1);
        Object[] command = train(killed, options);
        for (int i = 0; i < 10; i++) {
            try (TrainingProcess driver = driver(command)) {
                driver.awaitStep(); // behind a step there is something to go on from, or nearly so
                Thread.sleep(random.nextInt(2000));
                driver.kill();
            }
            if (Files.exists(killed.resolve(OutFolder.CHECKPOINT))) {
                command = new Object[] {"train", "--resume", killed};
            }
        }
        Command last = Command.gpt(command);

        assertEquals(0, last.exitCode(), last::err);
        assertTrue(last.out().contains("  resumed"), last::out);
        assertEquals(losses(whole), losses(killed));
        assertEquals(
                -1,
                Files.mismatch(
                        whole.resolve("model.safetensors"), killed.resolve("model.safetensors")));
    }

    @Test
    void whatCanNotWorkIsSaidAndNothingIsWritten() {
        Path run = folder.resolve("none");

        assertRefused(
                "gpt: no Spark master answers at spark://127.0.0.1:1 (Connection refused); start"
                        + " one, or correct the name",
                train(run, "--spark", "spark://127.0.0.1:1"));
        assertRefused(
                "gpt: 'memory=4g' is no setting of Spark's; write spark.executor.memory=4g, for"
                        + " instance",
                train(run, "--spark-conf", "memory=4g"));
        assertRefused(
                "gpt: --workers auto does not go with --spark; give the number of executors",
                train(run, "--workers", "auto"));
        assertRefused(
                "gpt: --outer-momentum=1.0 must lie in [0, 1); use 0.9, or 0 for none",
                train(run, "--outer-momentum", 1));
        assertFalse(Files.exists(run));
    }

    private static void assertRefused(String message, Object... arguments) {
        Command command = Command.gpt(arguments);

        assertEquals(2, command.exitCode());
        assertEquals(message, command.err().strip());
    }
}
