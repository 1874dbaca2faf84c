package org.djlgpt.attention;

import static org.djlgpt.testing.Blocks.initialized;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;

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

/** Gradients of each rung, by input and parameters, against finite differences. */
class AttentionGradientsTest {

    private static final int SEEDS = 3;

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
    @EnumSource
    void agreeWithFiniteDifferences(Rung rung) {
        for (int seed = 0; seed < SEEDS; seed++) {
            RandomArrays arrays = new RandomArrays(manager, seed);
            Rung.Sizes sizes = Rung.Sizes.random(arrays);
            SelfAttention block = rung.build(sizes);
            initialized(block, manager, DataType.FLOAT64, sizes.input());
            Blocks.randomize(block, arrays);
            NDArray x = arrays.normal(DataType.FLOAT64, sizes.input());

            FiniteDifferences.assertGradients(block, x, arrays);
        }
    }

    @Test
    void ofTheRotationAgreeWithFiniteDifferences() {
        RandomArrays arrays = new RandomArrays(manager, 1);
        Shape shape = new Shape(2, 3, 4, 6);
        RotaryEmbedding rotary = new RotaryEmbedding(6);
        rotary.initialize(manager, DataType.FLOAT64, shape);

        FiniteDifferences.assertGradients(rotary, arrays.normal(DataType.FLOAT64, shape), arrays);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void ofGroupedQueriesInAWindowAgreeWithFiniteDifferences(int numKeyValueHeads) {
        RandomArrays arrays = new RandomArrays(manager, numKeyValueHeads);
        Shape shape = new Shape(2, 5, 3);
        GroupedQueryAttention block =
                GroupedQueryAttention.builder()
                        .setInputDim(3)
                        .setOutputDim(2)
                        .setContextLength(5)
                        .setNumHeads(4)
                        .setNumKeyValueHeads(numKeyValueHeads)
                        .optHeadDim(2)
                        .optRotary(new RotaryEmbedding(2))
                        .optQkvBias(true)
                        .optSlidingWindow(3)
                        .build();
        initialized(block, manager, DataType.FLOAT64, shape);
        Blocks.randomize(block, arrays);

        FiniteDifferences.assertGradients(block, arrays.normal(DataType.FLOAT64, shape), arrays);
    }

    /** A masked score is infinite, so a softmax follows that makes the mask visible. */
    @Test
    void ofTheCausalMaskAgreeWithFiniteDifferences() {
        RandomArrays arrays = new RandomArrays(manager, 1);
        Shape shape = new Shape(2, 4, 4);
        SequentialBlock softmax =
                new SequentialBlock()
                        .add(new CausalMask(5))
                        .addSingleton(masked -> masked.softmax(-1));
        softmax.initialize(manager, DataType.FLOAT64, shape);

        FiniteDifferences.assertGradients(softmax, arrays.normal(DataType.FLOAT64, shape), arrays);
    }
}
