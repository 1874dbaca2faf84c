package org.djlgpt.text;

import static org.djlgpt.testing.Blocks.infer;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.NoopTranslator;

import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.FusedAdamW;
import org.djlgpt.nn.Layers;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.stream.IntStream;

/** The whole model, trained on windows of text, saved, loaded and served by DJL alone. */
class GptInsideDjlTest {

    private static final int PERIOD = 7;
    private static final int CONTEXT_LENGTH = 8;

    @TempDir private Path folder;

    /** The text counts 0 to 6 over and over, so a trained model is nearly sure of what follows. */
    @Test
    void theModelLearnsATextIsSavedLoadedAndServed() throws Exception {
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray tokens = manager.create(new long[] {3, 4, 5, 6, 0}, new Shape(1, 5));
            float[] logits;
            try (Model model = Model.newInstance("counting", ComputeDevice.get())) {
                model.setBlock(gpt());
                fit(model);
                assertTrue(loss(model.getBlock(), manager) < 0.1);
                logits = infer(model.getBlock(), tokens).toFloatArray();
                model.save(folder, "counting");
            }

            try (Model model = Model.newInstance("counting", ComputeDevice.get())) {
                model.setBlock(gpt());
                model.load(folder, "counting");

                assertArrayEquals(logits, infer(model.getBlock(), tokens).toFloatArray(), 1e-6f);
                try (Predictor<NDList, NDList> predictor =
                                model.newPredictor(new NoopTranslator());
                        NDList served = predictor.predict(new NDList(tokens))) {
                    assertArrayEquals(logits, served.head().toFloatArray(), 1e-6f);
                }
            }
        }
    }

    private static void fit(Model model) throws Exception {
        try (FusedAdamW optimizer =
                FusedAdamW.builder().optLearningRateTracker(Tracker.fixed(5e-3f)).build()) {
            DefaultTrainingConfig config =
                    new DefaultTrainingConfig(new CrossEntropy())
                            .optDevices(new Device[] {ComputeDevice.get()})
                            .optOptimizer(optimizer);
            Engine.getInstance().setRandomSeed(1);
            try (Trainer trainer = model.newTrainer(config)) {
                trainer.initialize(new Shape(8, CONTEXT_LENGTH));
                assertTrue(loss(model.getBlock(), trainer.getManager()) > 1.8, "ln 7 is 1.95");
                EasyTrain.fit(trainer, 5, windows(), null);
            }
        }
    }

    private static TokenWindows windows() {
        int[] text = IntStream.range(0, 200).map(i -> i % PERIOD).toArray();
        return TokenWindows.builder()
                .setTokens(Tokens.of(text))
                .setContextLength(CONTEXT_LENGTH)
                .optStride(1)
                .setSampling(8, true)
                .build();
    }

    private static double loss(Block block, NDManager manager) {
        try (NDManager sub = manager.newSubManager()) {
            NDList window = windows().batch(sub, 0, 5, 9);
            return CrossEntropy.mean(infer(block, window.get(0)), window.get(1)).getFloat();
        }
    }

    private static GptModel gpt() {
        Gpt2Config config =
                Gpt2Config.builder()
                        .setVocabSize(PERIOD)
                        .setContextLength(CONTEXT_LENGTH)
                        .setEmbeddingDim(16)
                        .setNumHeads(2)
                        .setNumLayers(2)
                        .optDropout(0.05f)
                        .build();
        return new GptModel(config, Layers.gpt2(config.numLayers()));
    }
}
