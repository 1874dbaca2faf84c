package org.djlgpt.training;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;

import org.djlgpt.data.SeededShuffle;
import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Trainings whose disk is full or gone, or whose loss is no longer a number. */
class FailingTrainingTest {

    @TempDir private Path folder;
    private NDManager manager;
    private Path file;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        file = folder.resolve("run/checkpoint.safetensors");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    /** A model whose loss is no number in some passes of training. */
    private final class Spoilt extends AbstractBlock {

        private final Block model = TinyGpt.model(TinyGpt.size(7, 4).build(), 1, manager);
        private final Set<Integer> badPasses;
        private int passes;

        Spoilt(Integer... badPasses) {
            this.badPasses = Set.of(badPasses);
            addChildBlock("model", model);
            initialize(manager, DataType.FLOAT32, new Shape(1, 4));
        }

        @Override
        protected void initializeChildBlocks(NDManager owner, DataType type, Shape... inputShapes) {
            model.initialize(owner, type, inputShapes);
        }

        @Override
        protected NDList forwardInternal(
                ParameterStore store,
                NDList inputs,
                boolean training,
                PairList<String, Object> parameters) {
            NDArray logits = model.forward(store, inputs, training).head();
            boolean bad = training && badPasses.contains(++passes);
            return new NDList(bad ? logits.mul(logits.getManager().create(Float.NaN)) : logits);
        }

        @Override
        public Shape[] getOutputShapes(Shape[] inputShapes) {
            return model.getOutputShapes(inputShapes);
        }
    }

    @Test
    void aBadStepEndsTheRunAndTheLastGoodCheckpointStays() throws Exception {
        Files.createDirectories(file.getParent());
        Diary diary = new Diary();

        assertRefused(
                DivergenceException.class,
                () -> training(new Spoilt(6), diary).build().run(),
                "step 6: loss NaN",
                "lower the learning rate",
                "skip bad steps");

        assertEquals(5, diary.steps.size());
        assertEquals(4, Checkpoint.read(file).step());
    }

    @Test
    void aBadStepThatIsSkippedChangesNothing() throws IOException {
        Files.createDirectories(file.getParent());
        Diary diary = new Diary();
        List<StepReport> skipped = new ArrayList<>();
        Spoilt model = new Spoilt(6);
        List<float[]> parameters = new ArrayList<>();
        TrainingLoopListener watch =
                new TrainingLoopListener() {
                    @Override
                    public void onStep(StepReport report) {
                        parameters.add(values(model));
                    }

                    @Override
                    public void onSkippedStep(StepReport report) {
                        skipped.add(report);
                        parameters.add(values(model));
                    }
                };

        training(model, diary).optListeners(diary, watch).optSkipBadSteps(1).build().run();

        assertEquals(List.of(6), skipped.stream().map(StepReport::step).toList());
        assertTrue(Double.isNaN(skipped.get(0).loss()));
        assertEquals(9, diary.steps.size());
        assertArrayEquals(parameters.get(4), parameters.get(5));
        double mean = (diary.losses()[4] + diary.losses()[5] + diary.losses()[6]) / 3; // 5, 7, 8
        assertEquals(mean, diary.evaluations.get(2).trainLoss(), 1e-12);
    }

    @Test
    void stepsThatWereSkippedCountAfterResuming() throws Exception {
        Files.createDirectories(file.getParent());
        Diary diary = new Diary();
        assertThrows(
                DivergenceException.class,
                () -> training(new Spoilt(2, 6), diary).optSkipBadSteps(1).build().run());
        Checkpoint checkpoint = Checkpoint.read(file);

        // the second pass from step 4 on is step 6 again
        TrainingLoop strict = training(new Spoilt(2), diary).optSkipBadSteps(1).build();
        strict.resume(checkpoint);
        assertRefused(DivergenceException.class, strict::run, "step 6");
        TrainingLoop tolerant = training(new Spoilt(2), diary).optSkipBadSteps(2).build();
        tolerant.resume(checkpoint);
        tolerant.run();

        assertEquals(10, Checkpoint.read(file).step());
    }

    @Test
    void aModelThatAnUpdateHasSpoiltDoesNotReplaceAGoodCheckpoint() throws Exception {
        Files.createDirectories(file.getParent());
        Diary diary = new Diary();
        Block model = TinyGpt.model(TinyGpt.size(7, 4).build(), 1, manager);
        TrainingLoopListener vandal =
                new TrainingLoopListener() {
                    @Override
                    public void onStep(StepReport report) {
                        if (report.step() == 6) {
                            NDArray weight = model.getParameters().get(0).getValue().getArray();
                            weight.muli(Float.NaN);
                        }
                    }
                };

        assertRefused(
                DivergenceException.class,
                () ->
                        training(model, diary)
                                .optListeners(vandal)
                                .optCheckpointEvery(1)
                                .build()
                                .run(),
                "after step 6: validation loss NaN");
        assertEquals(5, Checkpoint.read(file).step());
    }

    @Test
    void aFolderThatIsMissingStopsTheRun() {
        Diary diary = new Diary();

        IOException failure =
                assertThrows(IOException.class, () -> training(new Spoilt(), diary).build().run());

        assertTrue(failure.getMessage().contains(file.toString()), failure.getMessage());
        assertEquals(4, diary.steps.size());
    }

    @Test
    void aRunThatIsToldToKeepGoingDoesAndSavesWhenItCanAgain() throws Exception {
        Diary diary = new Diary();
        List<IOException> failures = new ArrayList<>();
        TrainingLoopListener repair =
                new TrainingLoopListener() {
                    @Override
                    public void onStep(StepReport report) throws IOException {
                        if (report.step() == 7) {
                            Files.createDirectories(file.getParent());
                        }
                        throw new IOException("full at " + report.step());
                    }
                };

        training(new Spoilt(), diary)
                .optListeners(repair, diary)
                .optWriteFailures(failures::add)
                .build()
                .run();

        assertEquals(10, diary.steps.size());
        assertEquals(11, failures.size()); // of each step and of the checkpoint at step 4
        assertEquals(10, Checkpoint.read(file).step());
    }

    @Test
    void aCheckpointThatCanNotBeReplacedStaysAndTheRunStops() throws Exception {
        Files.createDirectories(file.resolve("in the way"));

        assertThrows(IOException.class, () -> training(new Spoilt(), new Diary()).build().run());

        assertTrue(Files.isDirectory(file.resolve("in the way")));
    }

    @Test
    void aCheckpointThatWasDeletedMeanwhileIsWrittenAgain() throws Exception {
        Files.createDirectories(file.getParent());
        TrainingLoopListener deleting =
                new TrainingLoopListener() {
                    @Override
                    public void onStep(StepReport report) throws IOException {
                        Files.deleteIfExists(file);
                    }
                };

        training(new Spoilt(), deleting).build().run();

        assertEquals(10, Checkpoint.read(file).step());
    }

    private TrainingLoop.Builder training(Block model, TrainingLoopListener listener) {
        TokenWindows windows =
                TokenWindows.builder()
                        .setTokens(Tokens.of(IntStream.range(0, 60).map(i -> i * i % 7).toArray()))
                        .setContextLength(4)
                        .setSampling(new SeededShuffle(1, 0, false))
                        .build();
        return TrainingLoop.builder()
                .setModel(model)
                .setManager(manager)
                .setData(windows, windows)
                .optPlan(
                        TrainingPlan.builder()
                                .optSteps(10)
                                .optBatchSize(2)
                                .optWarmupSteps(0)
                                .optEvalEvery(4)
                                .optEvalBatches(2)
                                .build())
                .optListeners(listener)
                .optCheckpoint(file);
    }

    private static float[] values(Block model) {
        return model.getParameters().get(0).getValue().getArray().toFloatArray();
    }
}
