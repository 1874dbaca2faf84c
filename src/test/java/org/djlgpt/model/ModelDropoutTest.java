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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.Arrays;

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
    private static final Gpt2Config WITHOUT = CONFIG.toBuilder().optDropout(0).build();

    private NDManager manager;
    private RandomArrays arrays;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager();
        arrays = new RandomArrays(manager, 1);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void isActiveInTrainingOfTheModelAndAbsentInInference() {
        assertOnlyInTraining(new GptModel(CONFIG), new GptModel(WITHOUT), arrays.ids(11, 2, 6));
    }

    @Test
    void isActiveInTrainingOfALayerAndAbsentInInference() {
        assertOnlyInTraining(
                new TransformerBlock(CONFIG),
                new TransformerBlock(WITHOUT),
                arrays.normal(2, 6, 8));
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
