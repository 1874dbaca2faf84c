package org.djlgpt.tuning;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.training.ParameterStore;

import org.djlgpt.data.TrainingSet;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.training.Evaluation;
import org.djlgpt.training.Objective;
import org.djlgpt.training.StepHook;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingPlan;
import org.djlgpt.training.TrainingStep;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Padding and packing change where examples lie, and nothing of what is learned from them. */
class PackedExamplesTest {

    private static final int WORDS = 13;
    private static final int CONTEXT = 16;
    private static final double TOLERANCE = 1e-5;

    private final NDManager manager = ComputeDevice.newManager();
    private final Random random = new Random(8);

    @AfterEach
    void close() {
        manager.close();
    }

    static Stream<GptConfig> families() {
        return Stream.of(
                TinyGpt.size(WORDS, CONTEXT).build(),
                LlamaConfig.builder()
                        .setVocabSize(WORDS)
                        .setContextLength(CONTEXT)
                        .setEmbeddingDim(16)
                        .setNumHeads(4)
                        .setNumLayers(2)
                        .optNumKeyValueHeads(2)
                        .optRelative(LlamaConfig.Relative.MISTRAL)
                        .optSlidingWindow(4)
                        .build());
    }

    private ExampleSet examples(int count, int room) throws IOException {
        List<Example> examples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] prompt = random.ints(random.nextInt(1, 8), 0, WORDS).toArray();
            int[] answer = random.ints(random.nextInt(1, 8), 0, WORDS).toArray();
            examples.add(Example.builder().addPrompt(prompt).addAnswer(answer).build());
        }
        return ExampleSet.builder()
                .setContextLength(room)
                .optPadding(random.nextInt(WORDS))
                .addExamples(examples)
                .build();
    }

    private static long[] all(TrainingSet set) {
        return LongStream.range(0, set.size()).toArray();
    }

    @ParameterizedTest
    @MethodSource("families")
    void theLossOfAPaddedBatchIsTheMeanOverItsExamplesAlone(GptConfig config) throws IOException {
        GptModel model = TinyGpt.scrambled(config, 3, manager);
        for (int repeat = 0; repeat < 5; repeat++) {
            ExampleSet set = examples(random.nextInt(2, 9), CONTEXT);
            double sum = 0;
            for (long i : all(set)) {
                sum += set.get((int) i).learnedTokens() * loss(model, set, i);
            }

            assertEquals(sum / set.learnedTokens(), loss(model, set, all(set)), TOLERANCE);
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void packingChangesTheLossOfNoExample(GptConfig config) throws IOException {
        GptModel model = TinyGpt.scrambled(config, 3, manager);
        for (int repeat = 0; repeat < 5; repeat++) {
            ExampleSet set = examples(random.nextInt(2, 20), CONTEXT);
            TrainingSet rows = set.packed();
            double[] alone = new double[(int) set.size()];
            Arrays.setAll(alone, i -> loss(model, set, i));

            List<Double> packed = new ArrayList<>();
            for (long row : all(rows)) {
                packed.addAll(losses(model, rows.batch(manager, row)));
            }

            double[] found = packed.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            assertArrayEquals(Arrays.stream(alone).sorted().toArray(), found, TOLERANCE);
            assertEquals(loss(model, set, all(set)), loss(model, rows, all(rows)), TOLERANCE);
        }
    }

    private double loss(GptModel model, TrainingSet set, long... indices) {
        return loss(model, set.batch(manager, indices));
    }

    private double loss(GptModel model, NDList batch) {
        Pass pass = new Pass(new ParameterStore(manager, false), false);
        return Objective.nextToken().loss(model, batch, pass).getFloat();
    }

    /** Returns the losses of the examples in a row, those of padding excepted. */
    private List<Double> losses(GptModel model, NDList row) {
        long[] targets = row.get(1).toLongArray();
        long[] positions = row.get(2).toLongArray();
        List<Double> losses = new ArrayList<>();
        int begin = 0;
        for (int end = 1; end <= targets.length; end++) {
            if (end == targets.length || positions[end] == 0) {
                long[] only = new long[targets.length];
                Arrays.fill(only, CrossEntropy.IGNORED);
                System.arraycopy(targets, begin, only, begin, end - begin);
                NDArray counted = manager.create(only, row.get(1).getShape());
                NDList batch = new NDList(row.get(0), counted, row.get(2));
                if (Objective.nextToken().count(batch) > 0) {
                    losses.add(loss(model, batch));
                }
                begin = end;
            }
        }
        return losses;
    }

    /** A step with accumulation and workers, from rows of one example and from packed ones. */
    @ParameterizedTest
    @MethodSource("families")
    void aTrainingStepIsTheSame(GptConfig config) throws IOException {
        ExampleSet set = examples(40, CONTEXT);
        TrainingSet rows = set.packed();
        int half = (int) rows.size() / 2;
        TrainingPlan plan = plan(1, 1);
        Gradients padded = step(config, set, plan, (int) set.size());

        for (int workers : new int[] {1, 2}) {
            Gradients packed = step(config, rows, plan(1, workers), (int) rows.size());
            padded.assertSame(packed);
        }
        Gradients accumulated = step(config, rows, plan(2, 2), half);
        if (rows.size() == 2 * half) {
            padded.assertSame(accumulated);
        }
        assertTrue(rows.size() < set.size() / 2, () -> rows.size() + " rows");
    }

    private static TrainingPlan plan(int accumulation, int workers) {
        return TrainingPlan.builder()
                .optGradientAccumulation(accumulation)
                .optWorkers(workers)
                .build();
    }

    private Gradients step(GptConfig config, TrainingSet set, TrainingPlan plan, int rows)
            throws IOException {
        Gradients gradients = new Gradients();
        GptModel model = TinyGpt.scrambled(config, 3, manager);
        try (TrainingStep step =
                new TrainingStep(
                        model,
                        manager,
                        (owner, number) ->
                                set.batch(
                                        owner,
                                        LongStream.range(number * rows, (number + 1) * rows)
                                                .toArray()),
                        plan,
                        gradients)) {
            gradients.report = step.run(0);
        }
        return gradients;
    }

    private static final class Gradients implements StepHook {

        private final List<float[]> arrays = new ArrayList<>();
        private StepReport report;

        @Override
        public double afterGradients(int step, double loss, NDList gradients) {
            gradients.forEach(gradient -> arrays.add(gradient.toFloatArray()));
            return loss;
        }

        void assertSame(Gradients other) {
            assertEquals(report.loss(), other.report.loss(), TOLERANCE);
            assertEquals(arrays.size(), other.arrays.size());
            for (int i = 0; i < arrays.size(); i++) {
                assertArrayEquals(arrays.get(i), other.arrays.get(i), (float) TOLERANCE);
            }
        }
    }

    @Test
    void bfloat16LearnsFromThem() throws IOException {
        GptConfig config = families().toList().get(1);
        TrainingSet rows = examples(40, CONTEXT).packed();
        double exact = step(config, rows, plan(1, 1), (int) rows.size()).report.loss();
        try (Autocast half = Autocast.bfloat16()) {
            double loss = step(config, rows, plan(1, 2), (int) rows.size()).report.loss();

            assertEquals(exact, loss, 0.02 * exact);
        }
    }

    @Test
    void rowsAreFilledFromTheLongestOn() throws IOException {
        List<Example> examples = new ArrayList<>();
        for (int length : new int[] {3, 5, 2, 4, 7, 2}) { // tokens that are read
            examples.add(Example.builder().addPrompt(new int[length]).addAnswer(length).build());
        }
        ExampleSet set = ExampleSet.builder().setContextLength(8).addExamples(examples).build();

        TrainingSet rows = set.packed();

        // 7; 5 + 3; 4 + 2 + 2
        assertEquals(3, rows.size());
        NDList batch = rows.batch(manager, 1, 2);
        assertArrayEquals(
                new long[] {0, 1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 3, 0, 1, 0, 1},
                batch.get(2).toLongArray());
        assertEquals(8, rows.contextLength());
        assertEquals("3 rows of " + set.fingerprint(), rows.fingerprint());
        assertRefused(() -> rows.requireIdsBelow(7), "id 7");
    }

    @Test
    void evaluationTakesThem() throws IOException {
        GptModel model = TinyGpt.scrambled(families().toList().get(0), 3, manager);
        ExampleSet set = examples(20, CONTEXT);
        Evaluation evaluation = new Evaluation(model, manager, 3);

        assertEquals(
                evaluation.loss(set, set.size()),
                evaluation.loss(set.packed(), set.packed().size()),
                TOLERANCE);
    }

    @Test
    void aBlockThatCannotKeepThemApartIsRefused() throws IOException {
        SequentialBlock model = new SequentialBlock().add(new LambdaBlock(list -> list));
        model.initialize(manager, DataType.FLOAT32, new Shape(1, CONTEXT));
        NDList batch = examples(3, CONTEXT).packed().batch(manager, 0);
        Pass pass = new Pass(new ParameterStore(manager, false), false);

        assertRefused(
                () -> Objective.nextToken().loss(model, batch, pass), "SequentialBlock", "packed");
    }
}
