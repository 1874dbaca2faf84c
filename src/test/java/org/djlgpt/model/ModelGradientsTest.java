package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.initialized;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;

import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.FiniteDifferences;
import org.djlgpt.testing.RandomArrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients of the model and its parts against finite differences. */
class ModelGradientsTest {

    private static final Gpt2Config TINY =
            Gpt2Config.builder()
                    .setVocabSize(5)
                    .setContextLength(4)
                    .setEmbeddingDim(4)
                    .setNumHeads(2)
                    .setNumLayers(1)
                    .build();

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
    void feedForward() {
        assertGradients(new FeedForward(2), new Shape(2, 3, 2));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void transformerBlock(boolean qkvBias) {
        Gpt2Config config = TINY.toBuilder().optQkvBias(qkvBias).build();

        assertGradients(new TransformerBlock(config), new Shape(2, 3, 4));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void wholeModelWithAndWithoutTiedOutput(boolean tied) {
        Gpt2Config config = TINY.toBuilder().optQkvBias(true).optTiedOutput(tied).build();
        NDArray tokens = arrays.ids(5, 2, 3);
        GptModel model = new GptModel(config);
        initialized(model, manager, DataType.FLOAT64, tokens.getShape());

        FiniteDifferences.assertGradients(model, tokens, arrays);
    }

    private void assertGradients(Block block, Shape shape) {
        initialized(block, manager, DataType.FLOAT64, shape);
        Blocks.randomize(block, arrays);

        FiniteDifferences.assertGradients(block, arrays.normal(DataType.FLOAT64, shape), arrays);
    }
}
