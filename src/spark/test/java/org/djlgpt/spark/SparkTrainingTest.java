package org.djlgpt.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;

import org.apache.spark.TaskContext;
import org.apache.spark.sql.SparkSession;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Threads;
import org.djlgpt.training.Batches;
import org.djlgpt.training.DivergenceException;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.FlatTensors;
import org.djlgpt.training.Learner;
import org.djlgpt.training.Objective;
import org.djlgpt.training.StepHook;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingLoop;
import org.djlgpt.training.TrainingLoopListener;
import org.djlgpt.training.TrainingPlan;
import org.djlgpt.training.TrainingStep;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** The rounds, in Spark's own process; {@link SparkClusterTest} has a cluster. */
class SparkTrainingTest {

    private static final GptConfig SIZE = TinyGpt.size(20, 6).optDropout(0.1f).build();
    private static SparkSession spark;

    private final NDManager manager = ComputeDevice.newManager();
    private final List<RoundReport> rounds = new ArrayList<>();
    @TempDir private Path folder;
    private Tokens training;
    private Tokens validation;

    @BeforeAll
    static void start() {
        Threads.use(1); // two tasks at a time
        spark =
                SparkSession.builder()
                        .master("local[2]")
                        .config("spark.ui.enabled", "false")
                        .config("spark.driver.host", "127.0.0.1")
                        .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @BeforeEach
    void writeTokens() throws IOException {
        int[] ids = IntStream.range(0, 400).map(i -> (i * i + i / 7) % 20).toArray();
        training = TokenFile.write(folder.resolve("train.bin"), Tokens.of(ids));
        validation = TokenFile.write(folder.resolve("val.bin"), Tokens.of(ids).slice(50, 150));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    /** Keeps what a training says. */
    private static final class Losses implements TrainingLoopListener {

        private final List<Double> steps = new ArrayList<>();
        private final List<Double> evaluations = new ArrayList<>();

        @Override
        public void onStep(StepReport report) {
            assertTrue(report.tokensPerSecond() > 0);
            steps.add(report.loss());
        }

        @Override
        public void onEvaluation(EvaluationReport report) {
            evaluations.add(report.validationLoss());
        }
    }

    private static TrainingPlan.Builder plan() {
        return TrainingPlan.builder()
                .optSteps(10)
                .optBatchSize(3)
                .optEvalEvery(4)
                .optEvalBatches(3)
                .optSeed(11);
    }

    private GptModel model() {
        return TinyGpt.model(SIZE, 3, manager);
    }

    private SparkTraining.Builder spark(GptModel model) {
        return SparkTraining.builder()
                .setSession(spark)
                .setModel(model)
                .setData(
                        TokenFiles.of(folder.resolve("train.bin").toString()),
                        TokenFiles.of(folder.resolve("val.bin").toUri().toString()))
                .setFolder(folder.resolve("rounds").toUri().toString())
                .optRoundListener(rounds::add)
                .optPlan(plan().build());
    }

    private static float[] parameters(GptModel model) {
        return new FlatTensors(
                        model.getParameters().values().stream().map(p -> p.getArray()).toList())
                .get();
    }

    private TokenWindows windows(Tokens tokens, int stride) {
        return TokenWindows.builder()
                .setTokens(tokens)
                .setContextLength(6)
                .optStride(stride)
                .build();
    }

    @Test
    void oneWorkerThatMeetsNobodyTrainsAsTheLoopDoesToTheBit() throws IOException {
        GptModel local = model();
        Losses expected = new Losses();
        double best =
                TrainingLoop.builder()
                        .setModel(local)
                        .setManager(manager)
                        .setData(windows(training, 1), windows(validation, 6))
                        .optPlan(plan().build())
                        .optListeners(expected)
                        .build()
                        .run();
        for (int every : new int[] {1, 2, 4, 100}) {
            GptModel model = model();
            Losses losses = new Losses();
            SparkTraining training =
                    spark(model)
                            .optSyncEvery(every)
                            .optOuter(1, 0)
                            .withPieces(7)
                            .optListeners(losses)
                            .build();

            double lowest = training.run();
            assertEquals(every == 100 ? min(losses.evaluations) : best, lowest);
            assertEquals(expected.steps, losses.steps);
            assertArrayEquals(parameters(local), parameters(model));
            if (every != 100) { // of which all are one round, with an evaluation at its end
                assertEquals(expected.evaluations, losses.evaluations);
            }
        }
    }

    @Test
    void oneWorkerWhoseFragmentsAreExchangedInTurnDoesTheSameSteps() throws IOException {
        GptModel whole = model();
        Losses expected = new Losses();
        spark(whole).optSyncEvery(4).optOuter(1, 0).optListeners(expected).build().run();
        GptModel model = model();
        Losses losses = new Losses();

        spark(model)
                .optSyncEvery(4)
                .optFragments(3)
                .optOuter(1, 0)
                .optListeners(losses)
                .build()
                .run();

        assertEquals(expected.steps, losses.steps);
        assertArrayEquals(parameters(whole), parameters(model)); // all of which meet at the end
    }

    @Test
    void fragmentsMeetInTurnEachAfterTheSameSteps() throws IOException {
        GptModel model = model();
        spark(model).optWorkers(2).optSyncEvery(4).optFragments(2).build().run();

        assertArrayEquals(byHandInTurn(2), parameters(model));
        int bytes = Float.BYTES * parameters(model).length;
        long sent = rounds.stream().mapToLong(round -> round.workers().get(0).bytesSent()).sum();
        assertEquals(5, rounds.size()); // behind steps 2, 4, 6, 8, and 10, where all is exchanged
        assertEquals((1 + 1 + 1) * bytes, sent, 16);
    }

    /** Trains 10 steps, of which behind every second the one or the other half meets. */
    private float[] byHandInTurn(int workers) throws IOException {
        List<TrainingStep> steps = steps(workers);
        float[] parameters = new FlatTensors(steps.get(0).weights()).get();
        float[] velocity = new float[parameters.length];
        Pieces pieces = new Pieces(parameters.length, 4, 2);
        for (int done = 0; done < 10; done += 2) {
            List<float[]> arrived = new ArrayList<>();
            for (TrainingStep step : steps) {
                step.run(done);
                step.run(done + 1);
                arrived.add(new FlatTensors(step.weights()).get());
            }
            for (int piece = 0; piece < 4; piece++) {
                if (piece % 2 == done / 2 % 2 || done == 8) {
                    int from = (int) pieces.from(piece);
                    int to = from + pieces.length(piece);
                    float[] moved = Arrays.copyOfRange(parameters, from, to);
                    float[] speed = Arrays.copyOfRange(velocity, from, to);
                    new OuterStep(0.7, 0.9).apply(moved, mean(arrived, from, to), speed);
                    System.arraycopy(moved, 0, parameters, from, moved.length);
                    System.arraycopy(speed, 0, velocity, from, speed.length);
                    steps.forEach(step -> new FlatTensors(step.weights()).set(from, moved));
                }
            }
        }
        steps.forEach(TrainingStep::close);
        return parameters;
    }

    private static double[] mean(List<float[]> arrived, int from, int to) {
        double[] mean = new double[to - from];
        for (float[] one : arrived) {
            for (int i = from; i < to; i++) {
                mean[i - from] += one[i];
            }
        }
        return Arrays.stream(mean).map(sum -> sum / arrived.size()).toArray();
    }

    private static double min(List<Double> losses) {
        return Collections.min(losses);
    }

    @Test
    void workersMeetAtTheOuterStepFromTheirMean() throws IOException {
        GptModel model = model();
        spark(model).optWorkers(3).optSyncEvery(4).optOuter(0.7, 0.9).build().run();

        assertArrayEquals(byHand(3, 4), parameters(model));
    }

    /** Returns the steps of workers, each with a model and windows of its own. */
    private List<TrainingStep> steps(int workers) {
        List<TrainingStep> steps = new ArrayList<>();
        for (int rank = 0; rank < workers; rank++) {
            int seed = plan().build().seed() + rank * 1_000_003;
            TokenWindows part = windows(training, 1).shard(rank, workers);
            steps.add(
                    new TrainingStep(
                            model(),
                            manager,
                            Batches.shuffled(part, 3, seed),
                            plan().optSeed(seed).build(),
                            StepHook.NONE));
        }
        return steps;
    }

    /** Trains as the algorithm says, with nothing of Spark. */
    private float[] byHand(int workers, int every) throws IOException {
        List<TrainingStep> steps = steps(workers);
        float[] parameters = new FlatTensors(steps.get(0).weights()).get();
        float[] velocity = new float[parameters.length];
        for (int done = 0; done < 10; done += every) {
            double[] mean = new double[parameters.length];
            for (TrainingStep step : steps) {
                new FlatTensors(step.weights()).set(parameters);
                for (int i = done; i < Math.min(done + every, 10); i++) {
                    step.run(i);
                }
                float[] arrived = new FlatTensors(step.weights()).get();
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += arrived[i];
                }
            }
            for (int i = 0; i < mean.length; i++) {
                mean[i] /= workers;
            }
            new OuterStep(0.7, 0.9).apply(parameters, mean, velocity);
        }
        steps.forEach(TrainingStep::close);
        return parameters;
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, 1", "BFLOAT16, 1", "INT8, 1", "FLOAT32, 2", "INT8, 2"})
    void aStoppedRunGoesOnWithTheLossesOfOneThatWasNot(ChangeFormat format, int fragments)
            throws IOException {
        RoundPlan meeting = new RoundPlan(2, 2, 0.7, 0.9, fragments, format, false);
        Losses expected = new Losses();
        GptModel undisturbed = model();
        spark(undisturbed).optRounds(meeting).optListeners(expected).build().run();

        Losses losses = new Losses();
        SparkTraining[] first = new SparkTraining[1];
        first[0] =
                spark(model())
                        .optRounds(meeting)
                        .optListeners(losses)
                        .optRoundListener(round -> stopAfter(3, round, first[0]))
                        .build();
        first[0].run();
        assertEquals(6 / fragments, losses.steps.size());
        GptModel model = model();
        spark(model).optRounds(meeting).optListeners(losses).build().resume();

        assertEquals(expected.steps, losses.steps);
        assertEquals(expected.evaluations, losses.evaluations);
        assertArrayEquals(parameters(undisturbed), parameters(model));
    }

    private static void stopAfter(int number, RoundReport round, SparkTraining training) {
        if (round.number() == number) {
            training.stop();
        }
    }

    @Test
    void anotherRunIsNotGoneOnWith() throws IOException {
        spark(model()).optPlan(plan().optSteps(4).build()).build().run();

        IllegalArgumentException other =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> spark(model()).optWorkers(2).build().resume());
        assertTrue(other.getMessage().contains("leave out what differs"), other::getMessage);
        IllegalArgumentException none =
                assertThrows(
                        IllegalArgumentException.class,
                        () ->
                                spark(model())
                                        .setFolder(folder.resolve("none").toString())
                                        .build()
                                        .resume());
        assertTrue(none.getMessage().endsWith("/none has no round to go on from; start a new run"));
    }

    @Test
    void aWorkerWhoseLossIsNotFiniteIsLeftOutOfTheMeanAndNamed() throws IOException {
        GptModel model = withFrozenEnd(model());
        Losses losses = new Losses();
        spark(model)
                .optWorkers(2)
                .optSyncEvery(5)
                .optOuter(1, 0)
                .optLearnerSource(SparkTrainingTest::poisonedForRank1)
                .optPlan(plan().optSteps(5).optEvalBatches(1).build()) // which rank 0 computes
                .optListeners(losses)
                .build()
                .run();

        List<WorkerReport> workers = rounds.get(0).workers();
        assertFalse(workers.get(0).leftOut());
        assertTrue(workers.get(1).leftOut());
        GptModel alone = withFrozenEnd(model());
        assertEquals(steps(alone, windows(training, 1).shard(0, 2)), losses.steps);
        assertArrayEquals(parameters(alone), parameters(model));
    }

    private List<Double> steps(GptModel model, TokenWindows windows) throws IOException {
        List<Double> losses = new ArrayList<>();
        Batches batches = Batches.shuffled(windows, 3, 11);
        TrainingPlan plan = plan().optSteps(5).build();
        try (TrainingStep step = new TrainingStep(model, manager, batches, plan, StepHook.NONE)) {
            for (int i = 0; i < 5; i++) {
                losses.add(step.run(i).loss());
            }
        }
        return losses;
    }

    private static Learner poisonedForRank1(NDManager owner) {
        GptModel model = withFrozenEnd(TinyGpt.model(SIZE, 3, owner));
        boolean isPoisoned = TaskContext.getPartitionId() == 1;
        return new Learner(model, isPoisoned ? new Poisoned() : Objective.nextToken(), null, null);
    }

    private record Poisoned() implements Objective {

        @Override
        public NDArray loss(Block model, NDList batch, Pass pass) {
            return Objective.nextToken().loss(model, batch, pass).mul(Float.NaN);
        }

        @Override
        public long count(NDList batch) {
            return Objective.nextToken().count(batch);
        }
    }

    @Test
    void workersWhoseFrozenParametersDifferAreRefused() throws IOException {
        IllegalArgumentException failure =
                assertThrows(
                        IllegalArgumentException.class,
                        () ->
                                spark(withFrozenEnd(model()))
                                        .optWorkers(2)
                                        .optLearnerSource(SparkTrainingTest::othersForRank1)
                                        .build()
                                        .run());

        assertTrue(
                failure.getMessage().contains("what is not trained differs from that of worker 0"),
                failure::getMessage);
        assertFalse(Files.exists(folder.resolve("rounds")));
    }

    private static Learner othersForRank1(NDManager owner) {
        GptModel model = withFrozenEnd(TinyGpt.model(SIZE, 3, owner));
        last(model).getArray().addi(TaskContext.getPartitionId());
        return new Learner(model);
    }

    /** A worker gets no values for what is not trained. */
    private static GptModel withFrozenEnd(GptModel model) {
        last(model).freeze(true);
        return model;
    }

    private static Parameter last(GptModel model) {
        ParameterList parameters = model.getParameters();
        return parameters.valueAt(parameters.size() - 1);
    }

    @Test
    void aTrainingWhoseWorkersAreAllLeftOutEnds() throws IOException {
        TrainingPlan plan = plan().optLearningRate(1e30).optWarmupSteps(0).optSteps(4).build();
        SparkTraining training = spark(model()).optWorkers(2).optPlan(plan).build();

        assertThrows(DivergenceException.class, training::run);
    }

    @Test
    void reportsSayWhatWasSentAndHowLongItTook() throws IOException {
        GptModel model = model();
        spark(model).optWorkers(2).optSyncEvery(5).optFormat(ChangeFormat.INT8).build().run();

        int bytes = Float.BYTES * parameters(model).length;
        assertEquals(2, rounds.size());
        for (RoundReport round : rounds) {
            assertEquals(List.of(0, 1), round.workers().stream().map(WorkerReport::rank).toList());
            for (WorkerReport worker : round.workers()) {
                assertEquals(0.25, worker.bytesSent() / (double) bytes, 0.01);
                assertEquals(5 * 3 * 6, worker.tokens());
                assertFalse(worker.afresh() || worker.leftOut());
                assertTrue(worker.computing() > 0 && worker.exchanging() > 0);
                assertTrue(round.waiting(worker) < round.seconds());
            }
        }
    }
}
