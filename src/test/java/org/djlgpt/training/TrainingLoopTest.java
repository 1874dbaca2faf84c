package org.djlgpt.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Layers;
import org.djlgpt.testing.Figures;
import org.djlgpt.testing.OnCpu;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

class TrainingLoopTest {

    private static final String TEXT = "the quick brown fox jumps over the lazy dog. ".repeat(12);
    private static final CharTokenizer TOKENIZER = CharTokenizer.fromText(TEXT);
    private static final int CONTEXT = 12;

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"separateHead", "tiedWithBias"})
    void lossesAndNormsOfFiveStepsAreThoseOfPyTorch(String name) throws IOException {
        JsonObject reference = Figures.read(GptModel.class, "gpt-reference.json");
        JsonObject figures = reference.getAsJsonObject("models").getAsJsonObject(name);
        JsonObject expected = figures.getAsJsonObject("fiveSteps");
        GptModel model = referenceModel(figures.getAsJsonObject("config"));
        TokenWindows windows = referenceWindows(reference);
        double rate = expected.get("rate").getAsDouble();
        TrainingPlan plan =
                TrainingPlan.builder()
                        .optSteps(5)
                        .optBatchSize(2)
                        .optLearningRate(rate)
                        .optMinLearningRate(rate)
                        .optWarmupSteps(0)
                        .optWeightDecay(expected.get("weightDecayOfMatrices").getAsDouble())
                        .optBeta1(expected.get("beta1").getAsDouble())
                        .optBeta2(expected.get("beta2").getAsDouble())
                        .optClipNorm(expected.get("maxNorm").getAsDouble())
                        .build();

        Diary diary = run(model, windows, windows, plan);

        assertFigures(expected.getAsJsonArray("losses"), diary.losses(), 2e-5);
        assertFigures(expected.getAsJsonArray("normsBeforeClipping"), diary.norms(), 5e-5);
        double afterwards = expected.get("lossAfterwards").getAsDouble();
        assertEquals(afterwards, diary.lastEvaluation().validationLoss(), 2e-5 * afterwards);
    }

    @Test
    @OnCpu(OnCpu.BITS)
    void theSameSeedGivesTheSameLossesToTheBit() throws IOException {
        Gpt2Config size = size().optDropout(0.2f).build();

        double[] first = run(size, plan(6).optSeed(4).build()).losses();
        double[] again = run(size, plan(6).optSeed(4).build()).losses();
        double[] other = run(size, plan(6).optSeed(5).build()).losses();

        assertArrayEquals(first, again);
        assertNotEquals(first[0], other[0]);
    }

    @Test
    @OnCpu(OnCpu.BITS)
    void dropoutFollowsFromTheSeedOfTheTrainingAlone() throws IOException {
        Gpt2Config size = size().optDropout(0.5f).build();
        GptModel model = TinyGpt.model(size, 1, manager);
        GptModel same = TinyGpt.model(size, 1, manager);

        double[] first = run(model, windows(), windows(), plan(3).build()).losses();
        Engine.getInstance().setRandomSeed(999);
        double[] again = run(same, windows(), windows(), plan(3).build()).losses();

        assertArrayEquals(first, again);
    }

    @Test
    void anUntrainedModelKnowsNothingAndATrainedOneKnowsItsText() throws IOException {
        Diary diary =
                run(size().build(), plan(250).optLearningRate(1e-2).optEvalEvery(250).build());

        assertEquals(
                Math.log(TOKENIZER.vocabSize()), diary.evaluations.get(0).validationLoss(), 0.1);
        assertTrue(
                diary.lastEvaluation().validationLoss() < 0.3,
                () -> "loss " + diary.lastEvaluation().validationLoss());
    }

    @Test
    void oneBatchIsLearntByHeart() throws IOException {
        TokenWindows four = windows(TEXT.substring(0, 4 * CONTEXT + 1), CONTEXT);
        GptModel model = TinyGpt.model(size().build(), 1, manager);

        Diary diary =
                run(
                        model,
                        four,
                        four,
                        plan(300).optBatchSize(4).optLearningRate(1e-2).optWeightDecay(0).build());

        assertTrue(
                diary.lastEvaluation().validationLoss() < 0.05,
                () -> "loss " + diary.lastEvaluation().validationLoss());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8})
    void accumulatedBatchesWeighLikeOneLargeOne(int parts) throws IOException {
        TokenWindows eight = windows(TEXT.substring(0, 8 * CONTEXT + 1), CONTEXT); // one epoch
        GptModel whole = TinyGpt.model(size().build(), 1, manager);
        GptModel summed = TinyGpt.model(size().build(), 1, manager);

        Diary expected = run(whole, eight, eight, plan(4).optBatchSize(8).build());
        Diary actual =
                run(
                        summed,
                        eight,
                        eight,
                        plan(4).optBatchSize(8 / parts).optGradientAccumulation(parts).build());

        assertArrayEquals(expected.losses(), actual.losses(), 1e-5);
        assertArrayEquals(expected.norms(), actual.norms(), 1e-5);
        for (int i = 0; i < whole.getParameters().size(); i++) {
            assertArrayEquals(values(whole, i), values(summed, i), 1e-5f);
        }
    }

    @Test
    void gradientsAreClippedByTheirGlobalNorm() throws IOException {
        // AdamW's first step is as long whatever the gradients' scale; the second tells them apart.
        double[] free = run(size().build(), plan(3).optClipNorm(0).build()).losses();
        double[] never = run(size().build(), plan(3).optClipNorm(1e9).build()).losses();
        Diary clipped = run(size().build(), plan(3).optClipNorm(1e-9).build());

        assertArrayEquals(free, never);
        assertTrue(clipped.norms()[0] > 0.1, "the norm is that before clipping");
        assertNotEquals(free[2], clipped.losses()[2]);
    }

    @Test
    void evaluationsComeBeforeTheFirstStepAtIntervalsAndAtTheEnd() throws IOException {
        Diary diary = run(size().build(), plan(10).optEvalEvery(4).build());

        assertEquals(
                List.of(
                        "eval 0", "step 1", "step 2", "step 3", "step 4", "eval 4", "step 5",
                        "step 6", "step 7", "step 8", "eval 8", "step 9", "step 10", "eval 10"),
                diary.events);
    }

    @Test
    void anIntervalThatEndsWithTheRunIsEvaluatedOnce() throws IOException {
        Diary diary = run(size().build(), plan(4).optEvalEvery(2).build());

        assertEquals(
                List.of(0, 2, 4), diary.evaluations.stream().map(EvaluationReport::step).toList());
    }

    @Test
    void patienceEndsARunWhoseLossGetsNoLower() throws IOException {
        TrainingPlan.Builder still = plan(9).optLearningRate(0).optEvalEvery(2).optPatience(3);
        Diary diary = run(size().build(), still.build());

        assertEquals(List.of(0, 2, 4, 6), diary.evaluations.stream().map(r -> r.step()).toList());
        assertEquals(
                List.of(6),
                diary.evaluations.stream().filter(r -> r.last()).map(r -> r.step()).toList());
        assertEquals(6, diary.losses().length);
    }

    @Test
    void patienceStartsAnewAtEachBetterLoss() throws IOException {
        Diary diary = run(size().build(), plan(9).optEvalEvery(2).optPatience(1).build());

        assertTrue(diary.evaluations.stream().allMatch(r -> r.best()));
        assertEquals(9, diary.losses().length);
    }

    @Test
    void listenersAreCalledInOrder() throws IOException {
        List<String> calls = new ArrayList<>();
        TrainingLoopListener first = listener(report -> calls.add("first " + report.step()));
        TrainingLoopListener second = listener(report -> calls.add("second " + report.step()));

        training(plan(2).build()).optListeners(first, second).build().run();

        assertEquals(List.of("first 1", "second 1", "first 2", "second 2"), calls);
    }

    @Test
    void stepsReportTheirRateAndEvaluationsTheMeanLossSinceTheLast() throws IOException {
        TrainingPlan plan = plan(5).optWarmupSteps(2).optEvalEvery(3).build();

        Diary diary = run(size().build(), plan);

        double[] rates = diary.steps.stream().mapToDouble(StepReport::learningRate).toArray();
        double[] expected = IntStream.range(0, 5).mapToDouble(plan.learningRates()::rate).toArray();
        assertArrayEquals(expected, rates);
        double[] losses = diary.losses();
        assertTrue(Double.isNaN(diary.evaluations.get(0).trainLoss()));
        assertEquals(
                (losses[0] + losses[1] + losses[2]) / 3,
                diary.evaluations.get(1).trainLoss(),
                1e-12);
        assertEquals((losses[3] + losses[4]) / 2, diary.lastEvaluation().trainLoss(), 1e-12);
        assertEquals(plan.learningRates().rate(2), diary.evaluations.get(1).learningRate());
        assertTrue(Double.isNaN(diary.evaluations.get(0).tokensPerSecond()));
        assertTrue(diary.lastEvaluation().tokensPerSecond() > 0);
    }

    @Test
    void theBestEvaluationIsTheLowestSoFarAndIsReturned() throws IOException {
        // A rate this high makes the loss go up and down.
        Diary diary = new Diary();
        double returned =
                training(plan(12).optEvalEvery(1).optLearningRate(0.3).build())
                        .optListeners(diary)
                        .build()
                        .run();

        double lowest = Double.POSITIVE_INFINITY;
        boolean everWorse = false;
        for (EvaluationReport report : diary.evaluations) {
            assertEquals(report.validationLoss() < lowest, report.best(), "step " + report.step());
            everWorse |= !report.best();
            lowest = Math.min(lowest, report.validationLoss());
        }
        assertTrue(everWorse, "the losses only fell, which tests nothing");
        assertEquals(lowest, returned);
    }

    @Test
    void aRunThatDivergesStopsAndSaysWhatToDo() {
        Diary diary = new Diary();

        DivergenceException diverged =
                assertThrows(
                        DivergenceException.class,
                        () ->
                                training(plan(50).optLearningRate(1e30).optClipNorm(0).build())
                                        .optListeners(diary)
                                        .build()
                                        .run());

        assertTrue(diverged.getMessage().contains("1.0E30"), diverged.getMessage());
        assertTrue(diary.steps.size() < 50);
        assertFalse(
                DoubleStream.of(diary.losses()).anyMatch(Double::isNaN),
                "a step that diverged was reported");
    }

    @Test
    void aListenerThatFailsStopsTheRunAndTheNextOneCanStart() throws IOException {
        boolean recorded = JniUtils.isGradMode();
        TrainingLoopListener failing =
                listener(
                        report -> {
                            throw new IllegalStateException("disk full");
                        });

        assertThrows(
                IllegalStateException.class,
                () -> training(plan(5).build()).optListeners(failing).build().run());

        assertEquals(recorded, JniUtils.isGradMode());
        NDArray x = manager.create(3f);
        x.setRequiresGradient(true);
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            collector.backward(x.square());
        }
        assertEquals(6, x.getGradient().getFloat());
        assertEquals(2, run(size().build(), plan(2).build()).steps.size());
    }

    @Test
    void dataThatIsLessThanABatchTrains() throws IOException {
        TokenWindows two = windows(TEXT.substring(0, 2 * CONTEXT + 1), CONTEXT);
        GptModel model = TinyGpt.model(size().build(), 1, manager);

        double[] losses = run(model, two, two, plan(20).optBatchSize(100).build()).losses();

        assertTrue(losses[19] < losses[0]);
    }

    @Test
    void aModelWithoutValuesIsRefused() {
        GptModel model = new GptModel(size().build());

        assertThrows(
                IllegalArgumentException.class,
                () ->
                        TrainingLoop.builder()
                                .setModel(model)
                                .setManager(manager)
                                .setData(windows(), windows())
                                .build());
    }

    @Test
    void aModelIsTrainedByOneTrainingAtATime() throws IOException {
        GptModel model = TinyGpt.model(size().build(), 1, manager);
        List<String> refused = new ArrayList<>();
        TrainingLoopListener another =
                listener(
                        report -> {
                            TrainingLoop second = training(plan(1).build()).setModel(model).build();
                            refused.add(
                                    assertThrows(IllegalStateException.class, second::run)
                                            .getMessage());
                        });

        training(plan(2).build()).setModel(model).optListeners(another).build().run();
        training(plan(1).build()).setModel(model).build().run();

        assertEquals(2, refused.size());
        assertTrue(refused.get(0).contains("being trained"), refused.get(0));
    }

    private static TrainingLoopListener listener(Consumer<StepReport> action) {
        return new TrainingLoopListener() {
            @Override
            public void onStep(StepReport report) {
                action.accept(report);
            }
        };
    }

    private Diary run(Gpt2Config size, TrainingPlan plan) throws IOException {
        return run(TinyGpt.model(size, 1, manager), windows(), windows(), plan);
    }

    private Diary run(
            GptModel model, TokenWindows training, TokenWindows validation, TrainingPlan plan)
            throws IOException {
        Diary diary = new Diary();
        TrainingLoop.builder()
                .setModel(model)
                .setManager(manager)
                .setData(training, validation)
                .optPlan(plan)
                .optListeners(diary)
                .build()
                .run();
        return diary;
    }

    private TrainingLoop.Builder training(TrainingPlan plan) {
        return TrainingLoop.builder()
                .setModel(TinyGpt.model(size().build(), 1, manager))
                .setManager(manager)
                .setData(windows(), windows())
                .optPlan(plan);
    }

    private static Gpt2Config.Builder size() {
        return TinyGpt.size(TOKENIZER.vocabSize(), CONTEXT);
    }

    private static TrainingPlan.Builder plan(int steps) {
        return TrainingPlan.builder()
                .optSteps(steps)
                .optBatchSize(4)
                .optWarmupSteps(0)
                .optEvalEvery(1000)
                .optEvalBatches(4);
    }

    private static TokenWindows windows() {
        return windows(TEXT, 5);
    }

    private static TokenWindows windows(String text, int stride) {
        return windows(Tokens.of(TOKENIZER.encode(text)), CONTEXT, stride);
    }

    private static TokenWindows windows(Tokens tokens, int contextLength, int stride) {
        return TokenWindows.builder()
                .setTokens(tokens)
                .setContextLength(contextLength)
                .optStride(stride)
                .setSampling(1, false)
                .build();
    }

    private static float[] values(GptModel model, int parameter) {
        Parameter value = model.getParameters().get(parameter).getValue();
        return value.getArray().toFloatArray();
    }

    private GptModel referenceModel(JsonObject figures) {
        Gpt2Config plan =
                Gpt2Config.builder()
                        .setVocabSize(figures.get("vocabSize").getAsInt())
                        .setContextLength(figures.get("contextLength").getAsInt())
                        .setEmbeddingDim(figures.get("embeddingDim").getAsInt())
                        .setNumHeads(figures.get("numHeads").getAsInt())
                        .setNumLayers(figures.get("numLayers").getAsInt())
                        .optQkvBias(figures.get("qkvBias").getAsBoolean())
                        .optTiedOutput(figures.get("tied").getAsBoolean())
                        .build();
        Engine.getInstance().setRandomSeed(123);
        GptModel model = new GptModel(plan, Layers.pytorch());
        model.initialize(manager, DataType.FLOAT32, new Shape(1, plan.contextLength()));
        return model;
    }

    /** Two windows of eight tokens that do not overlap: each row of tokens and its last target. */
    private static TokenWindows referenceWindows(JsonObject reference) {
        IntStream.Builder tokens = IntStream.builder();
        for (int row = 0; row < 2; row++) {
            reference
                    .getAsJsonArray("tokens")
                    .get(row)
                    .getAsJsonArray()
                    .forEach(token -> tokens.add(token.getAsInt()));
            tokens.add(
                    reference
                            .getAsJsonArray("targets")
                            .get(row)
                            .getAsJsonArray()
                            .get(7)
                            .getAsInt());
        }
        return windows(Tokens.of(tokens.build().toArray()), 8, 9);
    }

    private static void assertFigures(JsonArray expected, double[] actual, double relative) {
        assertEquals(expected.size(), actual.length);
        for (int i = 0; i < actual.length; i++) {
            double figure = expected.get(i).getAsDouble();
            assertEquals(figure, actual[i], relative * figure, "step " + (i + 1));
        }
    }
}
