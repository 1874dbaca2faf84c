package org.djlgpt.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;

import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.testing.OnCpu;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Threads;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

class TrainingStepTest {

    private static final int WORDS = 11;
    private static final int CONTEXT = 8;
    private static final Batches BATCHES = Batches.shuffled(windows(WORDS), 2, 3);

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void workersThatExchangeGradientsTakeTheStepOfAllTheirBatches() throws IOException {
        GptModel shared = model();
        Gradients other = new Gradients();
        Gradients mine =
                new Gradients() {
                    @Override
                    public double afterGradients(int step, double loss, NDList gradients) {
                        super.afterGradients(step, loss, gradients);
                        float[] means = new float[numbers.length];
                        for (int i = 0; i < means.length; i++) {
                            means[i] = (numbers[i] + other.numbers[i]) / 2;
                        }
                        new FlatTensors(gradients).set(means);
                        return (loss + other.loss) / 2;
                    }
                };
        GptModel alone = model();
        TrainingPlan plan = plan().build();

        try (TrainingStep first = step(model(), (m, n) -> BATCHES.batch(m, 1), plan, other);
                TrainingStep second = step(shared, (m, n) -> BATCHES.batch(m, 0), plan, mine);
                TrainingStep both =
                        step(
                                alone,
                                BATCHES,
                                plan().optGradientAccumulation(2).build(),
                                StepHook.NONE)) {
            first.run(0);
            StepReport exchanged = second.run(0);
            StepReport whole = both.run(0);

            assertEquals(whole.loss(), exchanged.loss(), 1e-6);
            assertEquals(whole.gradientNorm(), exchanged.gradientNorm(), 1e-5);
            assertArrayEquals(
                    new FlatTensors(both.weights()).get(),
                    new FlatTensors(second.weights()).get(),
                    1e-5f);
        }
    }

    @Test
    void aHookSeesTheWeightsOnBothSidesOfTheUpdateAndGradientsOfTheirShapes() throws IOException {
        Gradients seen = new Gradients();
        try (TrainingStep training = step(model(), BATCHES, plan().build(), seen)) {
            float[] before = new FlatTensors(training.weights()).get();
            training.run(0);

            assertEquals(before.length, seen.numbers.length);
            assertNotEquals(before[0], seen.weights[0]);
            assertArrayEquals(new FlatTensors(training.weights()).get(), seen.weights);
        }
    }

    @Test
    void aStepWhoseLossAHookRefusesIsNotAppliedButHeardOf() throws IOException {
        Gradients refusing =
                new Gradients() {
                    @Override
                    public double afterGradients(int step, double loss, NDList gradients) {
                        return Double.NaN;
                    }
                };
        try (TrainingStep training = step(model(), BATCHES, plan().build(), refusing)) {
            float[] before = training.state();

            assertTrue(Double.isNaN(training.run(0).loss()));
            assertArrayEquals(before, training.state());
            assertArrayEquals(new FlatTensors(training.weights()).get(), refusing.weights);
            assertEquals(0, training.updates());
        }
    }

    @Test
    void aTrainingGoesOnToTheBitFromTheStateOfAnother() throws IOException {
        try (TrainingStep first = step(model(), BATCHES, plan().build(), StepHook.NONE);
                TrainingStep second = step(model(), BATCHES, plan().build(), StepHook.NONE)) {
            first.run(0);
            first.run(1);
            second.setState(first.state(), first.updates());

            assertEquals(2, second.updates());
            assertEquals(first.run(2).loss(), second.run(2).loss());
            assertArrayEquals(first.state(), second.state());
        }
    }

    @Test
    void numbersOfAnotherModelAreRefused() {
        try (TrainingStep training = step(model(), BATCHES, plan().build(), StepHook.NONE)) {
            float[] state = training.state();
            Exception refused =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> training.setState(new float[state.length - 1], 1));
            assertTrue(refused.getMessage().contains(state.length + ""), refused.getMessage());
            assertArrayEquals(state, training.state());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 9})
    void workersTakeTheStepThatOneWouldTake(int workers) throws IOException {
        TrainingPlan plan = plan().optGradientAccumulation(2).build();
        TrainingPlan several = plan().optGradientAccumulation(2).optWorkers(workers).build();
        Batches batches = Batches.shuffled(windows(WORDS), 5, 3);
        long threads = threads();
        int spread = Threads.count();

        try (TrainingStep whole = step(model(), batches, plan, StepHook.NONE);
                TrainingStep split = step(model(), batches, several, StepHook.NONE);
                TrainingStep again = step(model(), batches, several, StepHook.NONE)) {
            for (int i = 0; i < 3; i++) {
                StepReport expected = whole.run(i);
                StepReport actual = split.run(i);
                assertEquals(expected.loss(), actual.loss(), 1e-6);
                assertEquals(expected.gradientNorm(), actual.gradientNorm(), 1e-5);
                assertEquals(actual.loss(), again.run(i).loss());
            }
            float[] weights = new FlatTensors(split.weights()).get();
            assertArrayEquals(new FlatTensors(whole.weights()).get(), weights, 1e-4f);
            assertArrayEquals(split.state(), again.state());
        }

        assertEquals(spread, Threads.count());
        assertTrue(threads() <= threads, "the threads have ended");
    }

    private static long threads() {
        long count = Long.MAX_VALUE;
        for (int i = 0; i < 100 && count > 0; i++) { // ending takes a moment
            count =
                    Thread.getAllStackTraces().keySet().stream()
                            .filter(thread -> thread.getName().equals("djl-gpt-worker"))
                            .count();
            Thread.onSpinWait();
        }
        return count;
    }

    @Test
    void workersComputeInTheTypeOfTheirCaller() throws IOException {
        try (TrainingStep whole = step(model(), BATCHES, plan().build(), StepHook.NONE);
                TrainingStep split =
                        step(model(), BATCHES, plan().optWorkers(2).build(), StepHook.NONE);
                Autocast scope = Autocast.bfloat16()) {
            double narrow = whole.run(0).loss();

            assertEquals(narrow, split.run(0).loss(), 1e-6);
            try (Autocast wide = Autocast.float32();
                    TrainingStep other = step(model(), BATCHES, plan().build(), StepHook.NONE)) {
                assertNotEquals(narrow, other.run(0).loss(), 1e-6);
            }
        }
    }

    @Test
    @OnCpu("a step on a GPU looks at no ids")
    void whatFailsInAWorkerFailsTheStep() {
        GptModel model = model();
        int unknown = WORDS; // passes no check of ours on its way
        Batches bad =
                (manager, number) -> {
                    NDList batch = BATCHES.batch(manager, number);
                    batch.get(0).set(new NDIndex("1, 0"), unknown);
                    return batch;
                };
        try (TrainingStep training =
                step(model, bad, plan().optWorkers(2).build(), StepHook.NONE)) {
            String message =
                    assertThrows(IllegalArgumentException.class, () -> training.run(0))
                            .getMessage();
            assertTrue(message.contains("" + unknown), message);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void tokensThatCountMakeTheMeanWhereverTheyStand(int workers) throws IOException {
        TrainingPlan plan = plan().optWorkers(workers).optGradientAccumulation(2).build();
        long ignored = CrossEntropy.IGNORED;
        long[] ids = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2};
        long[] first = {ignored, ignored, 4, 5, ignored, ignored, ignored, ignored, 10, 1, 2, 3};
        long[] none = new long[12];
        Arrays.fill(none, ignored);
        Batches masked =
                (m, number) ->
                        new NDList(
                                m.create(ids, new Shape(3, 4)),
                                m.create(number == 0 ? first : none, new Shape(3, 4)));
        Batches bare = // the same six predictions, each behind what was before it
                (m, number) ->
                        number == 0
                                ? new NDList(
                                        m.create(new long[] {1, 2, 3, 4}, new Shape(1, 4)),
                                        m.create(
                                                new long[] {ignored, ignored, 4, 5},
                                                new Shape(1, 4)))
                                : new NDList(
                                        m.create(new long[] {9, 10, 1, 2}, new Shape(1, 4)),
                                        m.create(new long[] {10, 1, 2, 3}, new Shape(1, 4)));

        try (TrainingStep one = step(model(), masked, plan, StepHook.NONE);
                TrainingStep other = step(model(), bare, plan, StepHook.NONE)) {
            StepReport expected = other.run(0);
            StepReport actual = one.run(0);

            assertEquals(expected.loss(), actual.loss(), 1e-6);
            assertEquals(expected.gradientNorm(), actual.gradientNorm(), 1e-5);
            assertEquals(24, actual.tokens());
        }
    }

    @Test
    void aStepWithNothingToLearnIsRefused() {
        Batches nothing =
                (m, number) -> {
                    NDList batch = BATCHES.batch(m, number);
                    batch.get(1).muli(0).addi(CrossEntropy.IGNORED);
                    return batch;
                };
        try (TrainingStep training = step(model(), nothing, plan().build(), StepHook.NONE)) {
            String message =
                    assertThrows(IllegalArgumentException.class, () -> training.run(0))
                            .getMessage();
            assertTrue(message.contains("nothing to learn"), message);
        }
    }

    @Test
    void idsThatTheModelDoesNotKnowAreRefusedWhenATrainingIsBuilt() {
        TokenWindows known = windows(WORDS);
        TokenWindows unknown = windows(WORDS + 1);
        TrainingLoop.Builder builder =
                TrainingLoop.builder()
                        .setModel(model())
                        .setManager(manager)
                        .optPlan(plan().build());

        refuses(builder.setData(unknown, known));
        refuses(builder.setData(known, unknown));
        builder.setData(known, known).build();
    }

    private static void refuses(TrainingLoop.Builder builder) {
        String message = assertThrows(IllegalArgumentException.class, builder::build).getMessage();
        assertTrue(message.contains("" + WORDS), message);
    }

    /** Copies what it sees. */
    private static class Gradients implements StepHook {

        double loss;
        float[] numbers;
        float[] weights;

        @Override
        public double afterGradients(int step, double loss, NDList gradients) {
            this.loss = loss;
            numbers = new FlatTensors(gradients).get();
            return loss;
        }

        @Override
        public void afterUpdate(int step, List<NDArray> weights) {
            this.weights = new FlatTensors(weights).get();
        }
    }

    private TrainingStep step(Block model, Batches batches, TrainingPlan plan, StepHook hook) {
        return new TrainingStep(model, manager, batches, plan, hook);
    }

    private GptModel model() {
        return TinyGpt.model(TinyGpt.size(WORDS, CONTEXT).build(), 1, manager);
    }

    private static TrainingPlan.Builder plan() {
        return TrainingPlan.builder().optLearningRate(1e-3).optWarmupSteps(0).optSteps(100);
    }

    private static TokenWindows windows(int words) {
        int[] tokens = IntStream.range(0, 200).map(i -> (i * i + i / 7) % words).toArray();
        tokens[150] = words - 1;
        return TokenWindows.builder()
                .setTokens(Tokens.of(tokens))
                .setContextLength(CONTEXT)
                .setSampling(1, false)
                .build();
    }
}
