package org.djlgpt.nn;

import static org.djlgpt.testing.Blocks.initialized;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;

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

import java.util.Map;

/** Gradients of the layers and the loss against finite differences. */
class LayerGradientsTest {

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
    @ValueSource(booleans = {true, false})
    void linear(boolean bias) {
        assertGradients(
                Linear.builder().setInputDim(3).setOutputDim(4).optBias(bias).build(),
                new Shape(2, 5, 3));
    }

    @Test
    void layerNorm() {
        assertGradients(new LayerNorm(5), new Shape(2, 3, 5));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void layerNormOfAnotherEpsilon(boolean bias) {
        assertGradients(new LayerNorm(5, 0.1, bias), new Shape(2, 3, 5));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-6, 0.1})
    void rmsNorm(double epsilon) {
        assertGradients(new RmsNorm(5, epsilon), new Shape(2, 3, 5));
    }

    @ParameterizedTest
    @EnumSource
    void activation(ActivationFunction function) {
        assertGradients(function.block(), new Shape(4, 6));
    }

    @Test
    void embeddingAddsUpOverRepeatedIds() {
        NDArray ids = manager.create(new long[] {3, 0, 3, 3, 1, 0}, new Shape(2, 3));
        Embedding block = new Embedding(5, 2);
        initialized(block, manager, DataType.FLOAT64, ids.getShape());

        FiniteDifferences.assertGradients(block, ids, arrays);
    }

    @Test
    void crossEntropy() {
        NDArray logits = arrays.normal(DataType.FLOAT64, new Shape(2, 3, 5)).mul(3);
        NDArray targets = arrays.ids(5, 2, 3);

        FiniteDifferences.assertGradients(
                () -> CrossEntropy.mean(logits, targets), Map.of("logits", logits));
    }

    private void assertGradients(Block block, Shape shape) {
        initialized(block, manager, DataType.FLOAT64, shape);
        Blocks.randomize(block, arrays);
        NDArray x = arrays.normal(DataType.FLOAT64, shape);

        FiniteDifferences.assertGradients(block, x, arrays);
    }
}
