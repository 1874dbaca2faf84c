package org.djlgpt.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.apache.spark.sql.SparkSession;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.training.FlatTensors;
import org.djlgpt.training.TrainingPlan;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** A cluster of processes, which are killed and held up. */
class SparkClusterTest {

    private static final GptConfig SIZE = TinyGpt.size(20, 6).build();
    private static LocalCluster cluster;
    private static SparkSession spark;
    @TempDir private static Path home;

    private final NDManager manager = ComputeDevice.newManager();
    private final List<RoundReport> rounds = new ArrayList<>();
    @TempDir private Path folder;

    @BeforeAll
    static void start() throws IOException {
        cluster = new LocalCluster(2, home);
        spark =
                SparkCluster.session(
                        cluster.url(),
                        2,
                        1,
                        List.of(
                                "spark.executor.memory=512m",
                                "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1"
                                        + " -XX:+UseSerialGC",
                                "spark.speculation=true",
                                "spark.speculation.interval=100ms",
                                "spark.speculation.quantile=0.5"));
    }

    @AfterAll
    static void stop() {
        spark.stop();
        cluster.close();
    }

    @BeforeEach
    void writeTokens() throws IOException {
        int[] ids = IntStream.range(0, 400).map(i -> (i * i + i / 7) % 20).toArray();
        TokenFile.write(folder.resolve("train.bin"), Tokens.of(ids));
        TokenFile.write(folder.resolve("val.bin"), Tokens.of(ids).slice(50, 150));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private SparkTraining.Builder spark(GptModel model) {
        return SparkTraining.builder()
                .setSession(spark)
                .setModel(model)
                .setData(
                        TokenFiles.of(folder.resolve("train.bin").toString()),
                        TokenFiles.of(folder.resolve("val.bin").toString()))
                .setFolder(folder.resolve("rounds").toString())
                .optRoundListener(rounds::add)
                .optWorkers(2)
                .optSyncEvery(10)
                .optPlan(
                        TrainingPlan.builder()
                                .optSteps(60)
                                .optBatchSize(4)
                                .optEvalEvery(60)
                                .optEvalBatches(3)
                                .build());
    }

    private GptModel model() {
        return TinyGpt.model(SIZE, 3, manager);
    }

    private static float[] parameters(GptModel model) {
        return new FlatTensors(
                        model.getParameters().values().stream().map(p -> p.getArray()).toList())
                .get();
    }

    private static Set<String> executors(RoundReport round) {
        Set<String> names = new HashSet<>();
        round.workers().forEach(worker -> names.add(worker.executor()));
        return names;
    }

    /** A round's listener that kills an executor when a round is done. */
    private RoundListener killingAfter(int number) {
        return round -> {
            rounds.add(round);
            if (round.number() == number) {
                LocalCluster.signal(cluster.executors().get(0), "KILL");
            }
        };
    }

    @Test
    void aLostExecutorCostsItsMomentsAndIsReplaced() throws IOException {
        GptModel undisturbed = model();
        double expected = spark(undisturbed).build().run();
        assertEquals(2, executors(rounds.get(0)).size());
        rounds.clear();

        double loss = spark(model()).optRoundListener(killingAfter(2)).build().run();

        assertEquals(6, rounds.size());
        List<WorkerReport> afresh =
                rounds.stream()
                        .flatMap(round -> round.workers().stream())
                        .filter(WorkerReport::afresh)
                        .toList();
        assertEquals(1, afresh.size());
        assertTrue(rounds.get(2).workers().contains(afresh.get(0)));
        assertEquals(expected, loss, 0.02 * expected);
        for (RoundReport round : rounds) { // every window as often as it should be
            assertEquals(2, round.workers().size());
            round.workers().forEach(worker -> assertEquals(10 * 4 * 6, worker.tokens()));
        }
    }

    @Test
    void withMomentsKeptALostExecutorChangesNothing() throws IOException {
        GptModel undisturbed = model();
        spark(undisturbed).build().run();
        GptModel model = model();

        spark(model).optKeepMoments(true).optRoundListener(killingAfter(3)).build().run();

        assertTrue(
                rounds.stream()
                        .flatMap(round -> round.workers().stream())
                        .noneMatch(WorkerReport::afresh));
        assertArrayEquals(parameters(undisturbed), parameters(model));
    }

    @Test
    void aWorkerThatHangsIsDoneAgainElsewhereAndCountsOnce() throws IOException {
        ProcessHandle[] hanging = new ProcessHandle[1];
        RoundListener holdingUp =
                round -> {
                    rounds.add(round);
                    if (round.number() == 2) {
                        hanging[0] = cluster.executors().get(0);
                        LocalCluster.signal(hanging[0], "STOP");
                    } else if (round.number() == 3) {
                        LocalCluster.signal(hanging[0], "CONT");
                    }
                };
        try {
            spark(model()).optRoundListener(holdingUp).build().run();
        } finally {
            LocalCluster.signal(hanging[0], "CONT");
        }

        assertEquals(6, rounds.size());
        assertEquals(1, executors(rounds.get(2)).size());
        rounds.forEach(round -> assertEquals(2, round.workers().size()));
    }

    /**
     * A view of Hadoop's, which stands for hdfs: and s3a: as it has neither paths nor files here.
     */
    @Test
    void dataAndRoundsMayLieWhereJavaKnowsNoFiles() throws IOException {
        GptModel local = model();
        spark(local).build().run();
        GptModel model = model();
        spark.sparkContext()
                .hadoopConfiguration()
                .set("fs.viewfs.mounttable.test.link./shared", folder.toUri().toString());

        spark(model)
                .setData(
                        TokenFiles.of("viewfs://test/shared/train.bin"),
                        TokenFiles.of("viewfs://test/shared/val.bin"))
                .setFolder("viewfs://test/shared/elsewhere")
                .optKeepMoments(true)
                .build()
                .run();

        assertArrayEquals(parameters(local), parameters(model));
        assertTrue(Files.exists(folder.resolve("elsewhere/round-00000006.json")));
    }

    @Test
    void fewerExecutorsThanWorkersAreRefused() {
        IllegalArgumentException failure =
                assertThrows(
                        IllegalArgumentException.class,
                        () ->
                                spark(model())
                                        .optWorkers(3)
                                        .optPatience(Duration.ofSeconds(1))
                                        .build()
                                        .run());

        assertEquals(
                "workers=3 need as many executors, but the cluster has given 2 within 1 s; take"
                        + " fewer, start more, or ask for smaller ones",
                failure.getMessage());
    }

    @Test
    void tokensOfAnotherTokenizerAreRefused() throws IOException {
        TokenFile.write(
                folder.resolve("train.bin"), Tokens.of(new int[] {1, 2, 3, 4, 5, 6, 7, 8, 30}));

        IllegalArgumentException failure =
                assertThrows(IllegalArgumentException.class, () -> spark(model()).build().run());

        assertTrue(
                failure.getMessage().matches("worker 1 on .*: token id=30 at position .*"),
                failure::getMessage);
    }
}
