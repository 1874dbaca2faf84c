package org.djlgpt.training;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

import org.djlgpt.data.SeededShuffle;
import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.OnCpu;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

@OnCpu(OnCpu.BITS)
class ResumeTest {

    private static final String TEXT = "the quick brown fox jumps over the lazy dog. ".repeat(12);
    private static final CharTokenizer TOKENIZER = CharTokenizer.fromText(TEXT);
    private static final int CONTEXT = 12;
    private static final int STEPS = 14;

    @TempDir private Path folder;
    private NDManager manager;
    private Path file;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        file = folder.resolve("checkpoint.safetensors");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 8, 13})
    void aTrainingThatWasStoppedHasTheLossesOfOneThatWasNot(int stopped) throws Exception {
        GptModel whole = model(1);
        Diary expected = new Diary();
        training(whole, expected, plan()).build().run();

        Diary actual = new Diary();
        TrainingLoop first = stopAfter(stopped, actual);
        double best = first.run();
        assertEquals(stopped, Checkpoint.read(file).step());
        assertEquals(best, Checkpoint.read(file).bestLoss());
        Engine.getInstance().setRandomSeed(999); // another process
        GptModel other = model(2);
        TrainingLoop second = training(other, actual, plan()).build();
        second.resume(Checkpoint.read(file));
        second.run();

        assertArrayEquals(expected.losses(), actual.losses());
        assertArrayEquals(expected.norms(), actual.norms());
        assertEquals(withoutSpeed(expected), withoutSpeed(actual));
        for (int i = 0; i < whole.getParameters().size(); i++) {
            assertArrayEquals(values(whole, i), values(other, i));
        }
    }

    @Test
    void workersGoOnToTheBitAndNoOtherNumberOfThem() throws Exception {
        TrainingPlan.Builder two = plan().optWorkers(2);
        Diary expected = new Diary();
        training(whole(1), expected, two).build().run();

        Diary actual = new Diary();
        training(whole(1), actual, plan().optWorkers(2).optSteps(5).optDecaySteps(STEPS))
                .optCheckpoint(file)
                .build()
                .run();
        TrainingLoop second = training(whole(2), actual, two).build();
        second.resume(Checkpoint.read(file));
        second.run();

        assertArrayEquals(expected.losses(), actual.losses());
        String refused =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> resume(whole(2), plan(), Checkpoint.read(file)))
                        .getMessage();
        assertTrue(refused.contains("workers=2"), refused);
    }

    /** A model without dropout, whose draws workers would mix up. */
    private GptModel whole(int seed) {
        return TinyGpt.model(size().optDropout(0).build(), seed, manager);
    }

    @Test
    void aRunOfHalfTheStepsGoesOnAsThoughItHadBeenLonger() throws Exception {
        Diary expected = new Diary();
        training(model(1), expected, plan()).build().run();

        Diary actual = new Diary();
        TrainingPlan.Builder half = plan().optSteps(STEPS / 2).optDecaySteps(STEPS);
        training(model(1), actual, half).optCheckpoint(file).build().run();
        TrainingLoop longer = training(model(2), actual, plan()).build();
        longer.resume(Checkpoint.read(file));
        longer.run();

        assertArrayEquals(expected.losses(), actual.losses());
    }

    @Test
    void nothingIsLeftToDoAfterTheLastStep() throws Exception {
        double best = checkpointed(plan()).run();
        Diary diary = new Diary();
        TrainingLoop again = training(model(2), diary, plan()).build();
        again.resume(Checkpoint.read(file));

        assertEquals(best, again.run());
        assertEquals(List.of(), diary.events);
    }

    @Test
    void checkpointsComeAtIntervalsAndAtTheEnd() throws IOException {
        List<Integer> saved = new ArrayList<>();
        TrainingLoopListener listener =
                new TrainingLoopListener() {
                    @Override
                    public void beforeCheckpoint(int step) {
                        saved.add(step);
                    }
                };

        training(model(1), listener, plan()).optCheckpoint(file).build().run();
        training(model(1), listener, plan())
                .optCheckpoint(file)
                .optCheckpointEvery(6)
                .build()
                .run();

        assertEquals(List.of(4, 8, 12, 14, 6, 12, 14), saved);
    }

    @Test
    void aCheckpointTellsHowTheModelIsTrainedAndWhatItIsTold() throws Exception {
        training(model(1), new Diary(), plan())
                .optCheckpoint(file)
                .optNotes(Map.of("dropout", "0.2", "empty", ""))
                .build()
                .run();

        Checkpoint checkpoint = Checkpoint.read(file);
        assertEquals(plan().build(), checkpoint.plan());
        assertEquals(STEPS, checkpoint.step());
        assertEquals(Map.of("dropout", "0.2", "empty", ""), checkpoint.notes());
    }

    @Test
    void whatMakesAnotherTrainingIsRefusedByName() throws Exception {
        checkpointed(plan()).run();
        Checkpoint checkpoint = Checkpoint.read(file);

        assertRefused(
                () -> resume(model(1), plan().optBatchSize(3).optSeed(7), checkpoint),
                "written with batchSize=4, seed=5",
                "this run has batchSize=3, seed=7");
        assertRefused(
                () -> resume(model(1), plan().optLearningRate(0.5), checkpoint),
                "learningRate=0.01",
                "learningRate=0.5");
        assertRefused(
                () -> resume(model(1), plan().optSteps(20), checkpoint), "decaySteps=14, but");
        resume(model(1), plan().optSteps(20).optDecaySteps(14).optEvalEvery(2), checkpoint);
    }

    @Test
    void otherDataAreRefused() throws Exception {
        checkpointed(plan()).run();
        Checkpoint checkpoint = Checkpoint.read(file);
        TokenWindows other = windows(TEXT.replace("fox jumps", "jumps fox"));

        assertRefused(
                () ->
                        builder(model(1), plan())
                                .setData(other, windows())
                                .build()
                                .resume(checkpoint),
                "training data",
                "540 tokens",
                "give the same data");
        assertRefused(
                () ->
                        builder(model(1), plan())
                                .setData(windows(), other)
                                .build()
                                .resume(checkpoint),
                "validation data");
    }

    @Test
    void anotherModelIsRefusedAndStaysAsItWas() throws Exception {
        checkpointed(plan()).run();
        Checkpoint checkpoint = Checkpoint.read(file);
        GptModel deeper = TinyGpt.model(size().setNumLayers(2).build(), 3, manager);
        GptModel wider = TinyGpt.model(size().setEmbeddingDim(32).build(), 3, manager);
        float[] before = values(deeper, 0);

        assertRefused(() -> resume(deeper, plan(), checkpoint), "which the model lacks");
        assertRefused(() -> resume(wider, plan(), checkpoint), "(28, 16)", "(28, 32)");
        assertArrayEquals(before, values(deeper, 0));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anAdapterGoesOnAsThoughItHadNotBeenStopped(boolean narrow) throws Exception {
        GptModel whole = adapted(1, narrow);
        Diary expected = new Diary();
        training(whole, expected, plan()).optCheckpoint(file).build().run();

        Diary actual = new Diary();
        training(adapted(1, narrow), actual, plan().optSteps(5).optDecaySteps(STEPS))
                .optCheckpoint(file)
                .build()
                .run();
        Engine.getInstance().setRandomSeed(999); // another process
        GptModel other = adapted(1, narrow);
        TrainingLoop second = training(other, actual, plan()).build();
        second.resume(Checkpoint.read(file));
        second.run();

        assertArrayEquals(expected.losses(), actual.losses());
        for (int i = 0; i < whole.getParameters().size(); i++) {
            assertArrayEquals(values(whole, i), values(other, i));
        }
    }

    @Test
    void aCheckpointHoldsTheAdapterAloneAndGoesOnOnItsBaseOnly() throws Exception {
        builder(adapted(1, false), plan().optSteps(1).optDecaySteps(STEPS))
                .optCheckpoint(file)
                .build()
                .run();

        try (SafeTensors tensors = SafeTensors.open(file)) {
            assertEquals(3 * 4, tensors.names().size()); // A and B of queries and of values
            assertTrue(tensors.names().stream().allMatch(name -> name.contains("_lora")));
        }
        Checkpoint checkpoint = Checkpoint.read(file);
        assertRefused(
                () -> resume(adapted(2, false), plan(), checkpoint),
                "parameters that its run does not train are others");
        assertRefused(
                () -> resume(adapted(1, true), plan(), checkpoint),
                "parameters that its run does not train are others");
        assertRefused(() -> resume(model(1), plan(), checkpoint), "does not train");
        resume(adapted(1, false), plan(), checkpoint);
    }

    private GptModel adapted(int seed, boolean narrow) {
        GptModel base = model(seed);
        if (narrow) {
            Lora.freezeInBFloat16(base);
        }
        LoraConfig lora = LoraConfig.builder().setRank(2).optDropout(0.1f).build();
        return Lora.adapt(base, lora, manager);
    }

    @Test
    void aFileThatIsNoCheckpointIsRefused() throws Exception {
        assertThrows(IOException.class, () -> Checkpoint.read(file));
        Files.writeString(file, "nonsense");
        assertThrows(MalformedModelException.class, () -> Checkpoint.read(file));
        SafeTensors.write(file, Map.of());
        assertRefused(
                MalformedModelException.class,
                () -> Checkpoint.read(file),
                "is no checkpoint of a training: state.step is missing");
    }

    @Test
    void noBytesDoMoreThanBeingRefused() throws Exception {
        checkpointed(plan()).run();
        byte[] good = Files.readAllBytes(file);
        int header = 8 + (int) good[0] + 256 * (good[1] & 0xFF);
        Random random = new Random(3);
        TrainingLoop training = builder(model(1), plan()).build();
        int refused = 0;
        for (int i = 0; i < 400; i++) {
            byte[] bytes = good.clone();
            for (int change = random.nextInt(3); change >= 0; change--) {
                int at = random.nextInt(header);
                bytes[at] = random.nextBoolean() ? (byte) random.nextInt() : bytes[at + 1];
            }
            int length = random.nextInt(4) == 0 ? random.nextInt(good.length) : good.length;
            Files.write(file, Arrays.copyOf(bytes, length));
            try {
                training.resume(Checkpoint.read(file));
            } catch (MalformedModelException | IllegalArgumentException | IOException e) {
                refused++;
            }
        }
        assertTrue(refused > 200, refused + " refused");
    }

    @Test
    void aResumedTrainingLeavesNoArrays() throws Exception {
        training(model(1), new Diary(), plan().optSteps(4).optDecaySteps(STEPS))
                .optCheckpoint(file)
                .build()
                .run();
        GptModel model = model(1);
        long before = HeldArrays.inProcess(manager);

        TrainingLoop resumed = builder(model, plan()).build();
        resumed.resume(Checkpoint.read(file));
        resumed.run();

        assertEquals(before, HeldArrays.inProcess(manager));
    }

    private static List<EvaluationReport> withoutSpeed(Diary diary) {
        return diary.evaluations.stream()
                .map(
                        r ->
                                new EvaluationReport(
                                        r.step(),
                                        r.trainLoss(),
                                        r.validationLoss(),
                                        r.best(),
                                        r.last(),
                                        r.learningRate(),
                                        0))
                .toList();
    }

    @Test
    void patienceIsPartOfWhatACheckpointSays() throws Exception {
        TrainingPlan.Builder still = plan().optLearningRate(0).optEvalEvery(1).optPatience(3);
        checkpointed(still).run();
        assertEquals(3, Checkpoint.read(file).step());

        Diary diary = new Diary();
        TrainingLoop more = training(model(1), diary, still.optPatience(5)).build();
        more.resume(Checkpoint.read(file));
        more.run();

        assertEquals(List.of(4, 5), diary.evaluations.stream().map(r -> r.step()).toList());
    }

    /** Returns a training that is asked to stop while it is at a step. */
    private TrainingLoop stopAfter(int step, Diary diary) {
        TrainingLoop[] training = new TrainingLoop[1];
        TrainingLoopListener stopping =
                new TrainingLoopListener() {
                    @Override
                    public void onStep(StepReport report) {
                        if (report.step() == step) {
                            training[0].stop();
                        }
                    }
                };
        training[0] =
                builder(model(1), plan())
                        .optListeners(diary, stopping)
                        .optCheckpoint(file)
                        .optCheckpointEvery(1000)
                        .build();
        return training[0];
    }

    private TrainingLoop checkpointed(TrainingPlan.Builder plan) {
        return builder(model(1), plan).optCheckpoint(file).build();
    }

    private void resume(GptModel model, TrainingPlan.Builder plan, Checkpoint checkpoint)
            throws IOException, MalformedModelException {
        builder(model, plan).build().resume(checkpoint);
    }

    private TrainingLoop.Builder training(
            GptModel model, TrainingLoopListener listener, TrainingPlan.Builder plan) {
        return builder(model, plan).optListeners(listener);
    }

    private TrainingLoop.Builder builder(GptModel model, TrainingPlan.Builder plan) {
        return TrainingLoop.builder()
                .setModel(model)
                .setManager(manager)
                .setData(windows(), windows())
                .optPlan(plan.build());
    }

    private GptModel model(int seed) {
        return TinyGpt.model(size().build(), seed, manager);
    }

    private static Gpt2Config.Builder size() {
        return TinyGpt.size(TOKENIZER.vocabSize(), CONTEXT).optDropout(0.2f);
    }

    private static TrainingPlan.Builder plan() {
        return TrainingPlan.builder()
                .optSteps(STEPS)
                .optBatchSize(4)
                .optGradientAccumulation(3)
                .optLearningRate(0.01)
                .optWarmupSteps(3)
                .optEvalEvery(4)
                .optEvalBatches(2)
                .optSeed(5);
    }

    private static TokenWindows windows() {
        return windows(TEXT);
    }

    private static TokenWindows windows(String text) {
        return TokenWindows.builder()
                .setTokens(Tokens.of(TOKENIZER.encode(text)))
                .setContextLength(CONTEXT)
                .optStride(5)
                .setSampling(new SeededShuffle(1, 0, false))
                .build();
    }

    private static float[] values(GptModel model, int parameter) {
        NDArray value = model.getParameters().get(parameter).getValue().getArray();
        return BFloat16.widen(value).toFloatArray();
    }
}
