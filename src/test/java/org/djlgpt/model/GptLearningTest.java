package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.infer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.tracker.Tracker;

import org.djlgpt.model.LlamaConfig.Relative;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.FusedAdamW;
import org.djlgpt.nn.Layers;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the loss is before training, and that it can be trained away. */
class GptLearningTest {

    /** How models start. */
    private enum Start {
        /** PyTorch's defaults with an output layer of its own. */
        PYTORCH {
            @Override
            GptModel build(int vocabSize) {
                Gpt2Config config = gpt2(vocabSize).optTiedOutput(false).build();
                return new GptModel(config, Layers.pytorch());
            }
        },
        /** What models do unless told otherwise, the output layer tied to the embedding. */
        GPT2 {
            @Override
            GptModel build(int vocabSize) {
                return new GptModel(gpt2(vocabSize).build());
            }
        },
        LLAMA {
            @Override
            GptModel build(int vocabSize) {
                return new GptModel(llama(vocabSize).build());
            }
        },
        QWEN3 {
            @Override
            GptModel build(int vocabSize) {
                return new GptModel(llama(vocabSize).optRelative(Relative.QWEN3).build());
            }
        };

        abstract GptModel build(int vocabSize);

        GptModel model(int vocabSize) {
            Engine.getInstance().setRandomSeed(5);
            return build(vocabSize);
        }

        private static Gpt2Config.Builder gpt2(int vocabSize) {
            return Gpt2Config.builder()
                    .setVocabSize(vocabSize)
                    .setContextLength(16)
                    .setEmbeddingDim(32)
                    .setNumHeads(4)
                    .setNumLayers(2);
        }

        private static LlamaConfig.Builder llama(int vocabSize) {
            return LlamaConfig.builder()
                    .setVocabSize(vocabSize)
                    .setContextLength(16)
                    .setEmbeddingDim(32)
                    .setNumHeads(4)
                    .setNumLayers(2)
                    .optNumKeyValueHeads(2);
        }
    }

    private NDManager manager;
    private RandomArrays arrays;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        arrays = new RandomArrays(manager, 1);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    /**
     * Logits of variance s² cost s²/2 more than the uniform guess: PyTorch's start gives 1/3 / 2,
     * as a normalized token meets weights from U(±1/sqrt(E)).
     */
    @ParameterizedTest
    @EnumSource
    void anUntrainedModelGuessesUniformly(Start start) {
        GptModel model = start.model(500);
        NDArray tokens = arrays.ids(500, 16, 16);
        model.initialize(manager, DataType.FLOAT32, tokens.getShape());

        NDArray loss = CrossEntropy.mean(infer(model, tokens), arrays.ids(500, 16, 16));

        double excess = start == Start.PYTORCH ? 1 / 6.0 : 0;
        assertEquals(Math.log(500) + excess, loss.getFloat(), 0.08);
    }

    @ParameterizedTest
    @EnumSource
    void oneBatchIsLearntByHeart(Start start) {
        int vocabSize = 24;
        NDArray tokens = distinctFirstTokens(vocabSize);
        NDArray targets = arrays.ids(vocabSize, 4, 8);
        try (Model model = Model.newInstance("gpt", ComputeDevice.get());
                FusedAdamW optimizer =
                        FusedAdamW.builder().optLearningRateTracker(Tracker.fixed(5e-3f)).build()) {
            model.setBlock(start.model(vocabSize));
            DefaultTrainingConfig config =
                    new DefaultTrainingConfig(new CrossEntropy())
                            .optDevices(new Device[] {ComputeDevice.get()})
                            .optOptimizer(optimizer);
            try (Trainer trainer = model.newTrainer(config)) {
                trainer.initialize(new Shape(4, 8));
                double first = step(trainer, tokens, targets);
                double last = first;
                for (int i = 0; i < 150; i++) {
                    last = step(trainer, tokens, targets);
                }
                assertTrue(first > 2.5, "first loss " + first);
                assertTrue(last < 0.05, "last loss " + last);
            }
        }
    }

    /** No two rows begin alike, so that the targets can be told from the tokens seen. */
    private NDArray distinctFirstTokens(int vocabSize) {
        NDArray tokens = arrays.ids(vocabSize, 4, 8);
        tokens.set(new NDIndex(":, 0"), manager.create(new long[] {0, 1, 2, 3}));
        return tokens;
    }

    private static double step(Trainer trainer, NDArray tokens, NDArray targets) {
        double loss;
        try (GradientCollector collector = trainer.newGradientCollector()) {
            NDList logits = trainer.forward(new NDList(tokens));
            NDArray mean = trainer.getLoss().evaluate(new NDList(targets), logits);
            collector.backward(mean);
            loss = mean.getFloat();
            mean.close();
            logits.close();
        }
        trainer.step();
        return loss;
    }
}
