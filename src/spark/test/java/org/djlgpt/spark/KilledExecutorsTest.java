package org.djlgpt.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.ndarray.NDManager;

import org.apache.spark.sql.SparkSession;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.training.TrainingPlan;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Executors killed at random moments of a run. */
class KilledExecutorsTest {

    private static final int SYNC_EVERY = 100; // the default
    private static final int BATCH_SIZE = 8;
    private static final int CONTEXT = 6;

    @TempDir private Path folder;

    @Test
    void aRunEndsThoughExecutorsAreLost() throws Exception {
        assertBears(2);
    }

    @Test
    @Tag("soak")
    void aRunEndsHoweverManyExecutorsAreLost() throws Exception {
        assertBears(20);
    }

    private void assertBears(int kills) throws Exception {
        int[] ids = IntStream.range(0, 4000).map(i -> (i * i + i / 7) % 20).toArray();
        TokenFile.write(folder.resolve("train.bin"), Tokens.of(ids));
        TokenFile.write(folder.resolve("val.bin"), Tokens.of(ids).slice(50, 650));
        try (LocalCluster cluster = new LocalCluster(2, folder);
                NDManager manager = NDManager.newBaseManager();
                SparkSession spark =
                        SparkCluster.session(
                                cluster.url(),
                                2,
                                1,
                                List.of(
                                        "spark.executor.memory=512m",
                                        "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1"))) {
            double undisturbed = run(kills, spark, manager, new ArrayList<>());
            List<RoundReport> rounds = new CopyOnWriteArrayList<>();
            FutureTask<Integer> killer = new FutureTask<>(() -> kill(kills, cluster, rounds));
            new Thread(killer).start();

            double loss = run(kills, spark, manager, rounds);

            assertEquals(kills, killer.get(1, TimeUnit.MINUTES));
            assertEquals(undisturbed, loss, 0.02 * undisturbed);
            for (int i = 0; i < rounds.size(); i++) {
                assertEquals(i + 1, rounds.get(i).number());
                assertWhole(rounds.get(i));
            }
            assertEquals(2 * kills + 2, rounds.size());
        }
    }

    /** Which windows a step has follows from its number and rank: each is there once. */
    private static void assertWhole(RoundReport round) {
        assertEquals(List.of(0, 1), round.workers().stream().map(WorkerReport::rank).toList());
        for (WorkerReport worker : round.workers()) {
            assertFalse(worker.leftOut());
            assertEquals(SYNC_EVERY, worker.losses().length);
            assertEquals(SYNC_EVERY * BATCH_SIZE * CONTEXT, worker.tokens());
        }
    }

    /** Kills some executors, each as soon as a round was done since the one before. */
    private static int kill(int kills, LocalCluster cluster, List<RoundReport> rounds)
            throws Exception {
        Random random = new Random(1);
        for (int i = 0; i < kills; i++) {
            int before = rounds.size();
            while (rounds.size() == before || cluster.executors().size() < 2) {
                Thread.sleep(20);
            }
            Thread.sleep(random.nextInt(500));
            List<ProcessHandle> executors = cluster.executors();
            LocalCluster.signal(executors.get(random.nextInt(executors.size())), "KILL");
        }
        return kills;
    }

    private double run(int kills, SparkSession spark, NDManager manager, List<RoundReport> rounds)
            throws IOException {
        int steps = SYNC_EVERY * (2 * kills + 2);
        GptModel model = TinyGpt.model(TinyGpt.size(20, CONTEXT).build(), 3, manager);
        return SparkTraining.builder()
                .setSession(spark)
                .setModel(model)
                .setData(
                        TokenFiles.of(folder.resolve("train.bin").toString()),
                        TokenFiles.of(folder.resolve("val.bin").toString()))
                .setFolder(folder.resolve("rounds").toString())
                .optRoundListener(rounds::add)
                .optWorkers(2)
                .optSyncEvery(SYNC_EVERY)
                .optPlan(
                        TrainingPlan.builder()
                                .optSteps(steps)
                                .optBatchSize(BATCH_SIZE)
                                .optEvalEvery(steps)
                                .optEvalBatches(10)
                                .build())
                .build()
                .run();
    }
}
