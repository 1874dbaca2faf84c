package org.djlgpt.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.training.ParameterStore;

import org.djlgpt.attention.GroupedQueryAttention;
import org.djlgpt.attention.MultiHeadAttention;
import org.djlgpt.attention.RotaryEmbedding;
import org.djlgpt.attention.SelfAttentionV2;
import org.djlgpt.model.FeedForward;
import org.djlgpt.model.GatedFeedForward;
import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.PlainOperators;
import org.djlgpt.torch.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

class AutocastTest {

    /** bfloat16 keeps 8 bits. */
    private static final double ROUNDING = 1.0 / 128;

    private NDManager manager;
    private NDArray x;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        Engine.getInstance().setRandomSeed(1);
        x = manager.randomNormal(new Shape(2, 5, 8));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void aLinearLayerRoundsInputAndWeightAndNothingElse() {
        Linear layer = linear();
        NDArray wide = forward(layer);
        NDArray narrow;
        try (Autocast scope = Autocast.bfloat16()) {
            narrow = forward(layer);
        }
        assertFalse(wide.equals(narrow), "bfloat16 must show");
        assertTrue(wide.allClose(narrow, ROUNDING, 4 * ROUNDING, false));
        NDArray rounded = BFloat16.toFloat32(BFloat16.from(x)).matMul(roundedWeight(layer));
        assertTrue(rounded.allClose(narrow, ROUNDING, ROUNDING, false));
    }

    @Test
    void otherBlocksGetFloat32() {
        Block blocks =
                new SequentialBlock()
                        .add(attention())
                        .add(ai.djl.nn.core.Linear.builder().setUnits(3).build())
                        .add(selfAttentionOf(3));
        blocks.initialize(manager, DataType.FLOAT32, x.getShape());
        NDArray wide = forward(blocks);
        NDArray narrow;
        try (Autocast scope = Autocast.bfloat16()) {
            narrow = forward(blocks);
        }
        assertEquals(DataType.FLOAT32, narrow.getDataType());
        assertTrue(wide.allClose(narrow, 4 * ROUNDING, 4 * ROUNDING, false));
    }

    static Stream<Arguments> blocks() {
        GroupedQueryAttention.Builder grouped =
                GroupedQueryAttention.builder()
                        .setInputDim(8)
                        .setOutputDim(8)
                        .setContextLength(5)
                        .setNumHeads(4)
                        .setNumKeyValueHeads(2)
                        .optHeadDim(8);
        FeedForward.Builder feedForward = FeedForward.builder().setEmbeddingDim(8);
        return Stream.of(
                Arguments.of("MultiHeadAttention", attention()),
                Arguments.of("GroupedQueryAttention", grouped.build()),
                Arguments.of("window", grouped.optSlidingWindow(3).build()),
                Arguments.of(
                        "rotated",
                        grouped.optRotary(new RotaryEmbedding(8)).optQkvBias(true).build()),
                Arguments.of("normalized", grouped.optQueryKeyNorm(1e-5).build()),
                Arguments.of("GatedFeedForward", new GatedFeedForward(8, 12)),
                Arguments.of("GELU_TANH", feedForward.build()),
                Arguments.of("GELU", feedForward.optActivation(ActivationFunction.GELU).build()),
                Arguments.of("RELU", feedForward.optActivation(ActivationFunction.RELU).build()),
                Arguments.of("SILU", feedForward.optActivation(ActivationFunction.SILU).build()),
                Arguments.of("RmsNorm", new RmsNorm(8, 1e-5)),
                Arguments.of("LayerNorm", new LayerNorm(8, 1e-5, false)),
                Arguments.of("RotaryEmbedding", new RotaryEmbedding(8)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("blocks")
    void parametersAndGradientsStayInFloat32(String name, Block block) {
        block.initialize(manager, DataType.FLOAT32, x.getShape());
        x.setRequiresGradient(true);
        List<NDArray> weights = new ArrayList<>(List.of(x));
        block.getParameters().values().forEach(parameter -> weights.add(parameter.getArray()));
        NDList wide = Gradients.of(sumOfSquares(block), weights);
        NDList narrow;
        try (Autocast scope = Autocast.bfloat16()) {
            narrow = Gradients.of(sumOfSquares(block), weights);
        }
        for (int i = 0; i < weights.size(); i++) {
            assertEquals(DataType.FLOAT32, weights.get(i).getDataType());
            assertEquals(DataType.FLOAT32, narrow.get(i).getDataType());
            double norm = wide.get(i).norm().getFloat();
            double error = wide.get(i).sub(narrow.get(i)).norm().getFloat();
            assertTrue(error < 0.05 * norm + 1e-6, i + ": " + error + " of " + norm);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("blocks")
    void outputsDifferByRoundingOnly(String name, Block block) {
        block.initialize(manager, DataType.FLOAT32, x.getShape());
        NDArray wide = forward(block);
        try (Autocast scope = Autocast.bfloat16()) {
            NDArray narrow = forward(block);
            assertEquals(DataType.FLOAT32, narrow.getDataType());
            assertTrue(wide.allClose(narrow, 4 * ROUNDING, 4 * ROUNDING, false));
        }
    }

    @Test
    void normsAndLossesComputeInFloat32() {
        RmsNorm rms = new RmsNorm(8, 1e-5);
        rms.initialize(manager, DataType.FLOAT32, x.getShape());
        float[] divided = forward(rms).toFloatArray();
        LayerNorm norm = new LayerNorm(8);
        norm.initialize(manager, DataType.FLOAT32, x.getShape());
        NDArray targets = manager.create(new long[10], new Shape(2, 5));
        NDArray normalized = forward(norm);
        float loss = CrossEntropy.mean(x, targets).getFloat();
        try (Autocast scope = Autocast.bfloat16()) {
            assertArrayEquals(divided, forward(rms).toFloatArray());
            assertArrayEquals(normalized.toFloatArray(), forward(norm).toFloatArray());
            assertEquals(loss, CrossEntropy.mean(x, targets).getFloat());
        }
    }

    @Test
    void theScopeEndsWithItsBlockAndNests() {
        Linear layer = linear();
        float[] wide = forward(layer).toFloatArray();
        try (Autocast outer = Autocast.bfloat16()) {
            try (Autocast inner = Autocast.float32()) {
                assertArrayEquals(wide, forward(layer).toFloatArray());
            }
            assertFalse(Arrays.equals(wide, forward(layer).toFloatArray()));
        }
        assertArrayEquals(wide, forward(layer).toFloatArray());
        assertThrows(IllegalStateException.class, AutocastTest::failInside);
        assertArrayEquals(wide, forward(layer).toFloatArray());
    }

    private static void failInside() {
        try (Autocast scope = Autocast.bfloat16()) {
            throw new IllegalStateException("inside");
        }
    }

    @Test
    void anotherThreadIsNotConcerned() {
        Linear layer = linear();
        float[] wide = forward(layer).toFloatArray();
        try (Autocast scope = Autocast.bfloat16()) {
            float[] elsewhere =
                    CompletableFuture.supplyAsync(() -> forward(layer).toFloatArray()).join();
            assertArrayEquals(wide, elsewhere);
        }
    }

    @Test
    void plainOperatorsComputeInFloat32() {
        Linear layer = linear();
        float[] wide = forward(layer).toFloatArray();
        try (Autocast scope = Autocast.bfloat16();
                PlainOperators plain = new PlainOperators()) {
            assertArrayEquals(wide, forward(layer).toFloatArray());
        }
    }

    @Test
    void attentionWeightsAreLookedAtInFloat32() {
        MultiHeadAttention block = attention();
        block.initialize(manager, DataType.FLOAT32, x.getShape());
        float[] wide = block.attentionWeights(x).toFloatArray();
        try (Autocast scope = Autocast.bfloat16()) {
            assertArrayEquals(wide, block.attentionWeights(x).toFloatArray());
        }
    }

    private Linear linear() {
        Linear layer = Linear.builder().setInputDim(8).setOutputDim(6).optBias(false).build();
        layer.initialize(manager, DataType.FLOAT32, x.getShape());
        return layer;
    }

    private NDArray roundedWeight(Linear layer) {
        NDArray weight = layer.weight().getArray().duplicate();
        return BFloat16.toFloat32(BFloat16.from(weight)).transpose();
    }

    private static MultiHeadAttention attention() {
        return MultiHeadAttention.builder()
                .setInputDim(8)
                .setOutputDim(8)
                .setContextLength(5)
                .setNumHeads(2)
                .build();
    }

    private static SelfAttentionV2 selfAttentionOf(int dim) {
        return SelfAttentionV2.builder().setInputDim(dim).setOutputDim(dim).build();
    }

    private NDArray sumOfSquares(Block block) {
        try (Recording on = Recording.on()) {
            NDArray y = forward(block);
            return y.mul(y).sum();
        }
    }

    private NDArray forward(Block block) {
        return block.forward(new ParameterStore(manager, false), new NDList(x), false)
                .singletonOrThrow();
    }
}
