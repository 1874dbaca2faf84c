package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.initialized;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;

import org.djlgpt.nn.ActivationFunction;
import org.djlgpt.nn.Layers;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.FiniteDifferences;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
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
        manager = ComputeDevice.newManager();
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
    @EnumSource
    void feedForwardOfAnotherWidthAndActivation(ActivationFunction activation) {
        FeedForward feedForward =
                FeedForward.builder()
                        .setEmbeddingDim(2)
                        .optHiddenDim(5)
                        .optActivation(activation)
                        .optBias(false)
                        .build();

        assertGradients(feedForward, new Shape(2, 3, 2));
    }

    @Test
    void gatedFeedForward() {
        assertGradients(new GatedFeedForward(2, 5), new Shape(2, 3, 2));
    }

    @Test
    void positionEmbedding() {
        assertGradients(new PositionEmbedding(4, 2, Layers.pytorch()), new Shape(2, 3, 2));
    }

    @ParameterizedTest
    @EnumSource
    void transformerBlockOfTheLlamaFamily(LlamaConfig.Relative relative) {
        assertGradients(new TransformerBlock(llama(relative, true)), new Shape(2, 4, 4));
    }

    @ParameterizedTest
    @EnumSource
    void wholeModelOfTheLlamaFamily(LlamaConfig.Relative relative) {
        NDArray tokens = arrays.ids(5, 2, 4);
        for (boolean tied : new boolean[] {true, false}) {
            GptModel model = new GptModel(llama(relative, tied));
            initialized(model, manager, DataType.FLOAT64, tokens.getShape());
            Blocks.randomize(model, arrays);

            FiniteDifferences.assertGradients(model, tokens, arrays);
        }
    }

    private static LlamaConfig llama(LlamaConfig.Relative relative, boolean tied) {
        return LlamaConfig.builder()
                .optRelative(relative)
                .setVocabSize(5)
                .setContextLength(4)
                .setEmbeddingDim(4)
                .setNumHeads(2)
                .setNumLayers(1)
                .optHiddenDim(3)
                .optNumKeyValueHeads(1)
                .optSlidingWindow(3)
                .optTiedOutput(tied)
                .build();
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
