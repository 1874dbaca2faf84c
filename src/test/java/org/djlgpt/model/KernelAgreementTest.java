package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.initialized;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;

import org.djlgpt.attention.CausalAttention;
import org.djlgpt.attention.GroupedQueryAttention;
import org.djlgpt.attention.MultiHeadAttention;
import org.djlgpt.attention.MultiHeadAttentionWrapper;
import org.djlgpt.attention.RotaryEmbedding;
import org.djlgpt.model.LlamaConfig.Relative;
import org.djlgpt.nn.ActivationFunction;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.RmsNorm;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.PlainOperators;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Outputs and gradients of the kernels, which compute in float32 only, against those of DJL's
 * operators, which finite differences hold to account in float64.
 */
class KernelAgreementTest {

    private static final double ROUNDING = 2e-5;
    private static final Gpt2Config CONFIG =
            Gpt2Config.builder()
                    .setVocabSize(11)
                    .setContextLength(20)
                    .setEmbeddingDim(12)
                    .setNumHeads(3)
                    .setNumLayers(2)
                    .optQkvBias(true)
                    .build();

    private static final LlamaConfig LLAMA =
            LlamaConfig.builder()
                    .setVocabSize(11)
                    .setContextLength(20)
                    .setEmbeddingDim(12)
                    .setNumHeads(4)
                    .setNumLayers(2)
                    .optNumKeyValueHeads(2)
                    .optHeadDim(6)
                    .optSlidingWindow(9)
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

    static Stream<Arguments> blocks() {
        CausalAttention.Builder causal =
                CausalAttention.builder().setInputDim(12).setOutputDim(5).setContextLength(20);
        MultiHeadAttentionWrapper.Builder wrapper =
                MultiHeadAttentionWrapper.builder()
                        .setInputDim(12)
                        .setOutputDim(5)
                        .setNumHeads(3)
                        .setContextLength(20);
        MultiHeadAttention.Builder multiHead =
                MultiHeadAttention.builder()
                        .setInputDim(12)
                        .setOutputDim(6)
                        .setNumHeads(3)
                        .setContextLength(20);
        GroupedQueryAttention.Builder grouped =
                GroupedQueryAttention.builder()
                        .setInputDim(12)
                        .setOutputDim(8)
                        .setNumHeads(4)
                        .setNumKeyValueHeads(2)
                        .setContextLength(20);
        return Stream.of(
                Arguments.of("GeluTanh", ActivationFunction.GELU_TANH.block()),
                Arguments.of("Gelu", ActivationFunction.GELU.block()),
                Arguments.of("Relu", ActivationFunction.RELU.block()),
                Arguments.of("Silu", ActivationFunction.SILU.block()),
                Arguments.of("RmsNorm", new RmsNorm(12, 1e-5)),
                Arguments.of("RotaryEmbedding", new RotaryEmbedding(12)),
                Arguments.of("FeedForward", new FeedForward(12)),
                Arguments.of("GatedFeedForward", new GatedFeedForward(12, 7)),
                Arguments.of("CausalAttention", causal.build()),
                Arguments.of("MultiHeadAttentionWrapper", wrapper.build()),
                Arguments.of("MultiHeadAttention", multiHead.build()),
                Arguments.of("GroupedQueryAttention", grouped.build()),
                Arguments.of("multi-query", grouped.setNumKeyValueHeads(1).build()),
                Arguments.of("window", grouped.optSlidingWindow(5).build()),
                Arguments.of("window of one", grouped.optSlidingWindow(1).build()),
                Arguments.of(
                        "rotated and normalized",
                        grouped.optRotary(new RotaryEmbedding(2)).optQueryKeyNorm(1e-5).build()),
                Arguments.of("TransformerBlock", new TransformerBlock(CONFIG)),
                Arguments.of("TransformerBlock of a Llama", new TransformerBlock(LLAMA)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("blocks")
    void ofBlocks(String name, Block block) {
        NDArray x = arrays.normal(3, 17, 12);
        initialized(block, manager, x.getShape());
        NDArray mix = arrays.normal(Blocks.infer(block, x).getShape().getShape());
        x.setRequiresGradient(true);

        assertAgree(() -> Blocks.train(block, x).mul(mix).mean(), variables(block, x));
    }

    static Stream<GptConfig> models() {
        return Stream.of(
                CONFIG.toBuilder().optTiedOutput(true).build(),
                CONFIG.toBuilder().optTiedOutput(false).build(),
                LLAMA.toBuilder().optRelative(Relative.MISTRAL).optTiedOutput(false).build(),
                LLAMA.toBuilder().optRelative(Relative.QWEN2).build(),
                LLAMA.toBuilder().optRelative(Relative.QWEN3).build());
    }

    @ParameterizedTest
    @MethodSource("models")
    void ofTheModelAndItsLoss(GptConfig config) {
        GptModel model = new GptModel(config);
        NDArray tokens = arrays.ids(11, 3, 17);
        NDArray targets = arrays.ids(11, 3, 17);
        initialized(model, manager, new Shape(1, 1));

        assertAgree(
                () -> CrossEntropy.mean(Blocks.train(model, tokens), targets), variables(model));
    }

    private static List<NDArray> variables(Block block, NDArray... inputs) {
        List<NDArray> variables = new ArrayList<>(List.of(inputs));
        for (Parameter parameter : Blocks.parameters(block)) {
            variables.add(parameter.getArray());
        }
        return variables;
    }

    private static void assertAgree(Supplier<NDArray> scalar, List<NDArray> variables) {
        List<float[]> expected;
        try (PlainOperators plain = new PlainOperators()) {
            expected = valueAndGradients(scalar, variables);
        }
        List<float[]> actual = valueAndGradients(scalar, variables);
        for (int i = 0; i < expected.size(); i++) {
            double scale = 1e-3;
            for (float value : expected.get(i)) {
                scale = Math.max(scale, Math.abs(value));
            }
            assertArrayEquals(
                    expected.get(i), actual.get(i), (float) (ROUNDING * scale), "array " + i);
        }
    }

    private static List<float[]> valueAndGradients(
            Supplier<NDArray> scalar, List<NDArray> variables) {
        List<float[]> results = new ArrayList<>();
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray value = scalar.get();
            collector.backward(value);
            results.add(new float[] {value.getFloat()});
        }
        for (NDArray variable : variables) {
            NDArray gradient = variable.getGradient();
            results.add(gradient.toFloatArray());
            Blocks.set(gradient, gradient.zerosLike());
        }
        return results;
    }
}
