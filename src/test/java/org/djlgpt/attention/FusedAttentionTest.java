package org.djlgpt.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.testing.OnCpu;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.PlainOperators;
import org.djlgpt.torch.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

/** The fused path against the explicit one. */
class FusedAttentionTest {

    private static final int CONTEXT_LENGTH = 33;

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        Engine.getInstance().setRandomSeed(5);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest(name = "T = {0}, {1} heads of {2}")
    @CsvSource({"1, 2, 4", "2, 1, 1", "7, 3, 5", "32, 2, 16", "33, 1, 64", "33, 2, 128"})
    void outputsAndGradientsAgree(int tokens, int numHeads, int headDim) {
        MultiHeadAttention block = block(numHeads, headDim, 0);
        NDArray x = manager.randomNormal(new Shape(2, tokens, numHeads * headDim));
        List<NDArray> weights =
                block.getParameters().values().stream().map(Parameter::getArray).toList();
        NDArray fused = forward(block, x);
        NDList fusedGradients = Gradients.of(sumOfSquares(block, x), weights);
        try (PlainOperators oracle = new PlainOperators()) {
            assertClose(forward(block, x), fused);
            NDList gradients = Gradients.of(sumOfSquares(block, x), weights);
            for (int i = 0; i < weights.size(); i++) {
                assertClose(gradients.get(i), fusedGradients.get(i));
            }
        }
    }

    @Test
    void droppedWeightsLeaveTheMeanWhereItIs() {
        MultiHeadAttention block = block(1, 4, 0.3f);
        NDArray x = manager.randomNormal(new Shape(1, 6, 4));
        NDArray expected = forward(block, x);
        NDArray mean = manager.zeros(expected.getShape());
        NDArray square = manager.zeros(expected.getShape());
        int draws = 4000;
        for (int i = 0; i < draws; i++) {
            NDArray y = train(block, x);
            mean.addi(y);
            square.addi(y.mul(y));
        }
        mean.divi(draws);
        NDArray variance = square.divi(draws).sub(mean.mul(mean));
        NDArray standardErrors = mean.sub(expected).abs().div(variance.div(draws).sqrt().add(1e-6));
        assertTrue(standardErrors.max().getFloat() < 5, standardErrors.toDebugString(true));
    }

    @Test
    @OnCpu("a GPU's fused kernel draws in an order of its own")
    void bothPathsDropTheSameWeightsFromTheSameSeed() {
        MultiHeadAttention block = block(2, 4, 0.5f);
        NDArray x = manager.randomNormal(new Shape(2, 9, 8));
        Engine.getInstance().setRandomSeed(11);
        NDArray fused = train(block, x);
        Engine.getInstance().setRandomSeed(11);
        try (PlainOperators oracle = new PlainOperators()) {
            assertClose(train(block, x), fused);
        }
    }

    private MultiHeadAttention block(int numHeads, int headDim, float dropout) {
        MultiHeadAttention block =
                MultiHeadAttention.builder()
                        .setInputDim(numHeads * headDim)
                        .setOutputDim(numHeads * headDim)
                        .setContextLength(CONTEXT_LENGTH)
                        .setNumHeads(numHeads)
                        .optDropout(dropout)
                        .optQkvBias(true)
                        .build();
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 1, numHeads * headDim));
        return block;
    }

    private NDArray sumOfSquares(MultiHeadAttention block, NDArray x) {
        try (Recording on = Recording.on()) {
            NDArray y = forward(block, x);
            return y.mul(y).sum();
        }
    }

    private NDArray forward(MultiHeadAttention block, NDArray x) {
        return block.forward(new ParameterStore(manager, false), new NDList(x), false)
                .singletonOrThrow();
    }

    private NDArray train(MultiHeadAttention block, NDArray x) {
        try (Recording off = Recording.off()) {
            return block.forward(new ParameterStore(manager, false), new NDList(x), true)
                    .singletonOrThrow();
        }
    }

    private static void assertClose(NDArray expected, NDArray actual) {
        assertEquals(expected.getShape(), actual.getShape());
        double scale = 1 + expected.abs().max().getFloat();
        assertEquals(0, expected.sub(actual).abs().max().getFloat(), 1e-5 * scale);
    }
}
