package org.djlgpt.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDManager;

import org.apache.spark.sql.SparkSession;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.training.TrainingPlan;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Executors killed at random moments of a run. */
@Tag("soak")
class SparkSoakTest {

    private static final int KILLS = Integer.getInteger("spark.kills", 20);

    @TempDir private Path folder;

    @Test
    void aRunEndsHoweverManyExecutorsAreLost() throws Exception {
        int[] ids = IntStream.range(0, 4000).map(i -> (i * i + i / 7) % 20).toArray();
        TokenFile.write(folder.resolve("train.bin"), Tokens.of(ids));
        TokenFile.write(folder.resolve("val.bin"), Tokens.of(ids).slice(50, 650));
        try (LocalCluster cluster = new LocalCluster(2, folder);
                NDManager manager = ComputeDevice.newManager();
                SparkSession spark =
                        SparkCluster.session(
                                cluster.url(),
                                2,
                                1,
                                List.of(
                                        "spark.executor.memory=512m",
                                        "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1"))) {
            double undisturbed = run(spark, manager, new ArrayList<>());
            List<RoundReport> rounds = new ArrayList<>();
            Thread killer = new Thread(() -> kill(cluster, rounds));
            killer.start();

            double loss = run(spark, manager, rounds);

            killer.interrupt();
            killer.join();
            assertEquals(undisturbed, loss, 0.02 * undisturbed);
            for (RoundReport round : rounds) { // every window the right number of times
                assertEquals(2, round.workers().size());
                round.workers().forEach(worker -> assertEquals(20 * 8 * 6, worker.tokens()));
            }
        }
    }

    /** Kills some executors, each as soon as a round was done since the one before. */
    private static void kill(LocalCluster cluster, List<RoundReport> rounds) {
        Random random = new Random(1);
        try {
            for (int i = 0; i < KILLS; i++) {
                int before = rounds.size();
                while (rounds.size() == before || cluster.executors().size() < 2) {
                    Thread.sleep(20);
                }
                Thread.sleep(random.nextInt(500));
                List<ProcessHandle> executors = cluster.executors();
                LocalCluster.signal(executors.get(random.nextInt(executors.size())), "KILL");
            }
        } catch (InterruptedException e) {
            // the run has ended
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private double run(SparkSession spark, NDManager manager, List<RoundReport> rounds)
            throws IOException {
        GptModel model = TinyGpt.model(TinyGpt.size(20, 6).build(), 3, manager);
        return SparkTraining.builder()
                .setSession(spark)
                .setModel(model)
                .setData(
                        TokenFiles.of(folder.resolve("train.bin").toString()),
                        TokenFiles.of(folder.resolve("val.bin").toString()))
                .setFolder(folder.resolve("rounds").toString())
                .optRoundListener(rounds::add)
                .optWorkers(2)
                .optSyncEvery(20)
                .optPlan(
                        TrainingPlan.builder()
                                .optSteps(20 * 2 * KILLS)
                                .optBatchSize(8)
                                .optEvalEvery(20 * 2 * KILLS)
                                .optEvalBatches(10)
                                .build())
                .build()
                .run();
    }
}
