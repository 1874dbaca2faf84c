package org.djlgpt.attention;

import static org.djlgpt.testing.Blocks.infer;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.Batchifier;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;

import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.file.Path;
import java.util.Random;

/**
 * A block in a network of DJL's own blocks, trained, saved, loaded and served by DJL alone.
 *
 * <p>The task needs attention: one of the earlier symbols is marked, and the last token has to name
 * it. Without a look at the other tokens nothing beats guessing, a loss of ln(4) = 1.39.
 */
class InsideDjlTest {

    private static final int SYMBOLS = 4;
    private static final int TOKENS = 6;
    private static final int WIDTH = SYMBOLS + 1; // one-hot symbol and mark
    private static final int HIDDEN = 16;
    private static final int EXAMPLES = 256;

    @TempDir private Path folder;
    private NDManager manager;
    private NDArray data;
    private NDArray labels;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        Random random = new Random(1);
        float[] inputs = new float[EXAMPLES * TOKENS * WIDTH];
        long[] answers = new long[EXAMPLES];
        for (int i = 0; i < EXAMPLES; i++) {
            int marked = random.nextInt(TOKENS - 1);
            for (int t = 0; t < TOKENS; t++) {
                int symbol = random.nextInt(SYMBOLS);
                int at = (i * TOKENS + t) * WIDTH;
                inputs[at + symbol] = 1;
                if (t == marked) {
                    inputs[at + SYMBOLS] = 1;
                    answers[i] = symbol;
                }
            }
        }
        data = manager.create(inputs, new Shape(EXAMPLES, TOKENS, WIDTH));
        labels = manager.create(answers, new Shape(EXAMPLES));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"V2", "CAUSAL", "WRAPPER", "MULTI_HEAD", "GROUPED_QUERY"})
    void aNetworkOfDjlBlocksLearnsToAttendIsSavedLoadedAndServed(Rung rung) throws Exception {
        float[] logits;
        try (Model model = Model.newInstance("marked-symbol", ComputeDevice.get())) {
            model.setBlock(network(rung));
            fit(model);
            assertTrue(loss(model.getBlock()) < 0.2, () -> "loss " + loss(model.getBlock()));
            logits = infer(model.getBlock(), data).toFloatArray();
            model.save(folder, "marked-symbol");
        }

        try (Model model = Model.newInstance("marked-symbol", ComputeDevice.get())) {
            model.setBlock(network(rung));
            model.load(folder, "marked-symbol");

            assertArrayEquals(logits, infer(model.getBlock(), data).toFloatArray(), 1e-6f);
            assertServes(model, logits);
        }
    }

    private void fit(Model model) throws Exception {
        DefaultTrainingConfig config =
                new DefaultTrainingConfig(new SoftmaxCrossEntropyLoss())
                        .optDevices(new Device[] {ComputeDevice.get()})
                        .optOptimizer(
                                Optimizer.adam()
                                        .optLearningRateTracker(Tracker.fixed(0.01f))
                                        .build());
        ArrayDataset dataset =
                new ArrayDataset.Builder()
                        .setData(data)
                        .optLabels(labels)
                        .setSampling(32, false)
                        .build();
        Engine.getInstance().setRandomSeed(1);
        try (Trainer trainer = model.newTrainer(config)) {
            trainer.initialize(new Shape(32, TOKENS, WIDTH));
            assertTrue(loss(model.getBlock()) > 1.2, "solved before training");
            EasyTrain.fit(trainer, 25, dataset, null);
        }
    }

    private double loss(Block block) {
        return Loss.softmaxCrossEntropyLoss()
                .evaluate(new NDList(labels), new NDList(infer(block, data)))
                .getFloat();
    }

    private void assertServes(Model model, float[] logits) throws Exception {
        try (Predictor<NDList, NDList> predictor = model.newPredictor(new NoopTranslator());
                NDList served = predictor.predict(new NDList(data))) {
            assertArrayEquals(logits, served.head().toFloatArray(), 1e-6f);
        }
        try (Predictor<float[], Integer> predictor = model.newPredictor(new MarkedSymbol())) {
            for (int i = 0; i < 5; i++) {
                float[] example = data.get(i).toFloatArray();
                assertEquals((int) labels.getLong(i), predictor.predict(example));
            }
        }
    }

    private static SequentialBlock network(Rung rung) {
        Rung.Sizes sizes = new Rung.Sizes(32, TOKENS, TOKENS, HIDDEN, HIDDEN / 2, 2, true, 0);
        return new SequentialBlock()
                .add(Linear.builder().setUnits(HIDDEN).build())
                .add(LayerNorm.builder().axis(2).build())
                .add(rung.build(sizes))
                .add(Activation.reluBlock())
                .add(LambdaBlock.singleton(x -> x.get(":, -1"))) // (B, E)
                .add(Linear.builder().setUnits(SYMBOLS).build());
    }

    /** Serves one example at a time, which DJL stacks into a batch. */
    private static final class MarkedSymbol implements Translator<float[], Integer> {

        @Override
        public NDList processInput(TranslatorContext context, float[] example) {
            return new NDList(context.getNDManager().create(example, new Shape(TOKENS, WIDTH)));
        }

        @Override
        public Integer processOutput(TranslatorContext context, NDList logits) {
            return (int) logits.singletonOrThrow().argMax().getLong();
        }

        @Override
        public Batchifier getBatchifier() {
            return Batchifier.STACK;
        }
    }
}
