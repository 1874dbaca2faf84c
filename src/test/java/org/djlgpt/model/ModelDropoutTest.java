package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Blocks.train;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;

import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Dropout of the model: there in training, absent in inference. */
class ModelDropoutTest {

    private static final Gpt2Config CONFIG =
            Gpt2Config.builder()
                    .setVocabSize(11)
                    .setContextLength(6)
                    .setEmbeddingDim(8)
                    .setNumHeads(2)
                    .setNumLayers(2)
                    .optDropout(0.3f)
                    .build();

    private static final LlamaConfig LLAMA =
            LlamaConfig.builder()
                    .setVocabSize(11)
                    .setContextLength(6)
                    .setEmbeddingDim(8)
                    .setNumHeads(2)
                    .setNumLayers(2)
                    .optNumKeyValueHeads(1)
                    .optDropout(0.3f)
                    .build();

    static Stream<GptConfig> configs() {
        return Stream.of(CONFIG, LLAMA);
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

    @ParameterizedTest
    @MethodSource("configs")
    void isActiveInTrainingOfTheModelAndAbsentInInference(GptConfig config) {
        GptModel without = new GptModel(config.withDropout(0));

        assertOnlyInTraining(new GptModel(config), without, arrays.ids(11, 2, 6));
    }

    @ParameterizedTest
    @MethodSource("configs")
    void isActiveInTrainingOfALayerAndAbsentInInference(GptConfig config) {
        TransformerBlock without = new TransformerBlock(config.withDropout(0));

        assertOnlyInTraining(new TransformerBlock(config), without, arrays.normal(2, 6, 8));
    }

    /** Each rate by itself, so that one does not pass for another. */
    @Test
    void everyRateIsUsed() {
        Gpt2Config none = CONFIG.withDropout(0);
        for (Gpt2Config config :
                List.of(
                        none.toBuilder().optEmbeddingDropout(0.3f).build(),
                        none.toBuilder().optAttentionDropout(0.3f).build(),
                        none.toBuilder().optResidualDropout(0.3f).build())) {
            assertOnlyInTraining(new GptModel(config), new GptModel(none), arrays.ids(11, 2, 6));
        }
    }

    private void assertOnlyInTraining(Block block, Block without, NDArray x) {
        initialized(block, manager, x.getShape());
        initialized(without, manager, x.getShape());

        assertFalse(Arrays.equals(floats(train(block, x)), floats(train(block, x))));
        assertArrayEquals(floats(infer(block, x)), floats(infer(block, x)));
        assertArrayEquals(floats(infer(without, x)), floats(infer(block, x)), 1e-6f);
        assertArrayEquals(floats(infer(without, x)), floats(train(without, x)), 1e-6f);
    }

    private static float[] floats(NDArray array) {
        return array.toFloatArray();
    }
}
