package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Blocks.train;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.GradientCollector;

import org.djlgpt.attention.CausalAttention;
import org.djlgpt.attention.CausalMask;
import org.djlgpt.attention.GroupedQueryAttention;
import org.djlgpt.attention.MultiHeadAttention;
import org.djlgpt.attention.MultiHeadAttentionWrapper;
import org.djlgpt.attention.RotaryEmbedding;
import org.djlgpt.attention.SelfAttention;
import org.djlgpt.attention.SelfAttentionV1;
import org.djlgpt.attention.SelfAttentionV2;
import org.djlgpt.attention.SimplifiedSelfAttention;
import org.djlgpt.nn.ActivationFunction;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.LayerNorm;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.RmsNorm;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** A forward pass leaves its result and nothing else, however it ends and whoever runs it. */
class LeftoverArraysTest {

    private static final int WIDTH = 6;
    private static final Gpt2Config CONFIG =
            Gpt2Config.builder()
                    .setVocabSize(9)
                    .setContextLength(8)
                    .setEmbeddingDim(WIDTH)
                    .setNumHeads(2)
                    .setNumLayers(2)
                    .optDropout(0.1f)
                    .optQkvBias(true)
                    .build();

    private static final LlamaConfig LLAMA =
            LlamaConfig.builder()
                    .optRelative(LlamaConfig.Relative.QWEN3)
                    .setVocabSize(9)
                    .setContextLength(8)
                    .setEmbeddingDim(WIDTH)
                    .setNumHeads(4)
                    .setNumLayers(2)
                    .optNumKeyValueHeads(2)
                    .optHeadDim(4)
                    .optSlidingWindow(3)
                    .optDropout(0.1f)
                    .build();

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    static Stream<Arguments> blocks() {
        return Stream.concat(
                attention(),
                Stream.of(
                        named(Linear.builder().setInputDim(WIDTH).setOutputDim(3).build()),
                        named(new LayerNorm(WIDTH)),
                        named("LayerNorm without shift", new LayerNorm(WIDTH, 1e-5, false)),
                        named(new RmsNorm(WIDTH, 1e-5)),
                        named(new RotaryEmbedding(WIDTH)),
                        named(new PositionEmbedding(8, WIDTH, Layers.pytorch())),
                        named(ActivationFunction.GELU_TANH.block()),
                        named("Gelu", ActivationFunction.GELU.block()),
                        named("Relu", ActivationFunction.RELU.block()),
                        named("Silu", ActivationFunction.SILU.block()),
                        named(new FeedForward(WIDTH)),
                        named(new GatedFeedForward(WIDTH, 8)),
                        named(new TransformerBlock(CONFIG)),
                        named("TransformerBlock of a Llama", new TransformerBlock(LLAMA))));
    }

    static Stream<Arguments> attention() {
        return Stream.concat(
                Stream.of(named(new SimplifiedSelfAttention())), attentionWithParameters());
    }

    static Stream<Arguments> attentionWithParameters() {
        return Stream.of(
                named(SelfAttentionV1.builder().setInputDim(WIDTH).setOutputDim(3).build()),
                named(SelfAttentionV2.builder().setInputDim(WIDTH).setOutputDim(3).build()),
                named(
                        CausalAttention.builder()
                                .setInputDim(WIDTH)
                                .setOutputDim(3)
                                .setContextLength(8)
                                .optDropout(0.1f)
                                .build()),
                named(
                        MultiHeadAttentionWrapper.builder()
                                .setInputDim(WIDTH)
                                .setOutputDim(3)
                                .setContextLength(8)
                                .setNumHeads(2)
                                .optDropout(0.1f)
                                .build()),
                named(
                        MultiHeadAttention.builder()
                                .setInputDim(WIDTH)
                                .setOutputDim(4)
                                .setContextLength(8)
                                .setNumHeads(2)
                                .optDropout(0.1f)
                                .build()),
                named(
                        GroupedQueryAttention.builder()
                                .setInputDim(WIDTH)
                                .setOutputDim(8)
                                .setContextLength(8)
                                .setNumHeads(4)
                                .setNumKeyValueHeads(2)
                                .optRotary(new RotaryEmbedding(2))
                                .optQueryKeyNorm(1e-5)
                                .optSlidingWindow(3)
                                .optDropout(0.1f)
                                .build()));
    }

    private static Arguments named(Block block) {
        return named(block.getClass().getSimpleName(), block);
    }

    private static Arguments named(String name, Block block) {
        return Arguments.of(name, block);
    }

    static Stream<GptConfig> configs() {
        return Stream.of(CONFIG, LLAMA);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("blocks")
    void inferenceAddsItsResultOnly(String name, Block block) {
        assertAddsItsResultOnly(block, new RandomArrays(manager, 1).normal(2, 5, WIDTH));
    }

    @ParameterizedTest
    @MethodSource("configs")
    void inferenceOfTheModelAddsItsLogitsOnly(GptConfig config) {
        assertAddsItsResultOnly(new GptModel(config), new RandomArrays(manager, 1).ids(9, 2, 5));
    }

    private void assertAddsItsResultOnly(Block block, NDArray x) {
        initialized(block, manager, x.getShape());
        int before = arrays();

        List<NDArray> results = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            results.add(infer(block, x));
            assertEquals(before + i, arrays());
        }

        results.forEach(NDArray::close);
        assertEquals(before, arrays());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("blocks")
    void trainingAddsItsResultOnly(String name, Block block) {
        NDArray x = new RandomArrays(manager, 1).normal(2, 5, WIDTH);
        initialized(block, manager, x.getShape());
        x.setRequiresGradient(true);
        int before = arrays();
        for (int step = 0; step < 3; step++) {
            try (GradientCollector collector = Engine.getInstance().newGradientCollector();
                    NDManager passing = manager.newSubManager()) {
                x.attach(passing);
                NDArray result = train(block, x);
                assertEquals(before + 1, arrays());
                collector.backward(result.sum());
                x.attach(manager);
            }
            assertEquals(before, arrays());
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void trainingOfTheModelAddsLogitsAndLossOnly(GptConfig config) {
        RandomArrays random = new RandomArrays(manager, 1);
        GptModel model = initialized(new GptModel(config), manager, new Shape(1, 1));
        int before = arrays();
        for (int step = 0; step < 3; step++) {
            try (GradientCollector collector = Engine.getInstance().newGradientCollector();
                    NDManager passing = manager.newSubManager()) {
                NDArray tokens = new RandomArrays(passing, step).ids(9, 2, 5);
                NDArray targets = new RandomArrays(passing, -step).ids(9, 2, 5);
                NDArray logits = train(model, tokens);
                assertEquals(before + 3, arrays());
                try (NDScope scope = new NDScope()) {
                    collector.backward(CrossEntropy.mean(logits, targets));
                }
                assertEquals(before + 3, arrays());
            }
            assertEquals(before, arrays());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("attention")
    void lookingAtWeightsAddsThemOnly(String name, SelfAttention block) {
        NDArray x = new RandomArrays(manager, 1).normal(2, 5, WIDTH);
        initialized(block, manager, x.getShape());
        int before = arrays();

        block.attentionWeights(x);
        assertEquals(before + 1, arrays());
        block.attentionScores(x);
        assertEquals(before + 2, arrays());
    }

    @ParameterizedTest
    @MethodSource("configs")
    void lookingAtWeightsOfTheModelAddsOneArrayALayer(GptConfig config) {
        GptModel model = initialized(new GptModel(config), manager, new Shape(1, 1));
        NDArray tokens = new RandomArrays(manager, 1).ids(9, 2, 5);
        int before = arrays();

        assertEquals(config.numLayers(), model.attentionWeights(tokens).size());
        assertEquals(before + config.numLayers(), arrays());
    }

    @ParameterizedTest
    @MethodSource("configs")
    void theResultLivesWithTheInput(GptConfig config) {
        GptModel model = initialized(new GptModel(config), manager, new Shape(1, 1));
        int before = arrays();
        NDArray logits;
        try (NDManager passing = manager.newSubManager()) {
            logits = infer(model, new RandomArrays(passing, 1).ids(9, 2, 5));
        }

        assertTrue(logits.isReleased());
        assertEquals(before, arrays());
    }

    @ParameterizedTest
    @MethodSource("configs")
    void aRefusedTokenLeavesNothing(GptConfig config) {
        GptModel model = initialized(new GptModel(config), manager, new Shape(1, 1));
        NDArray tokens = manager.create(new long[] {1, 9}, new Shape(1, 2));
        int before = arrays();

        assertThrows(IllegalArgumentException.class, () -> infer(model, tokens));
        assertThrows(IllegalArgumentException.class, () -> model.attentionWeights(tokens));
        assertEquals(before, arrays());
    }

    /** Parameters in float32 do not multiply with tokens in float64, which the engine finds out. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("attentionWithParameters")
    void aFailureOfTheEngineLeavesNothing(String name, Block block) {
        NDArray x = manager.ones(new Shape(2, 5, WIDTH), DataType.FLOAT64);
        initialized(block, manager, x.getShape());
        int before = arrays();

        assertThrows(RuntimeException.class, () -> infer(block, x));
        assertEquals(before, arrays());
    }

    /** A mask of 2048 x 2048 takes 16 MB; a mask for each pass would take 1.6 GB. */
    @Test
    void theMaskIsMadeOnce() throws Exception {
        Path status = Path.of("/proc/self/statm");
        Assumptions.assumeTrue(Files.isReadable(status), "needs Linux");
        CausalMask mask = new CausalMask(2048);
        NDArray scores = manager.ones(new Shape(2, 2));
        infer(mask, scores).close();
        long before = residentMegabytes(status);

        for (int i = 0; i < 100; i++) {
            infer(mask, scores).close();
        }

        long growth = residentMegabytes(status) - before;
        assertTrue(growth < 200, growth + " MB");
    }

    private static long residentMegabytes(Path status) throws Exception {
        long pages = Long.parseLong(Files.readString(status).split(" ")[1]);
        return pages * 4096 >> 20;
    }

    @ParameterizedTest
    @MethodSource("configs")
    void severalThreadsUseOneModel(GptConfig config) throws Exception {
        GptModel model = initialized(new GptModel(config), manager, new Shape(1, 1));
        GptModel fresh = initialized(new GptModel(config), manager, new Shape(1, 1));
        List<float[]> expected = new ArrayList<>();
        for (int seed = 0; seed < 8; seed++) {
            expected.add(logits(fresh, seed));
        }
        int before = arrays();
        ExecutorService executor = Executors.newFixedThreadPool(4);
        try {
            List<Future<float[]>> found = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                int seed = i % 8;
                found.add(executor.submit(() -> logits(model, seed)));
            }
            for (int i = 0; i < found.size(); i++) {
                assertArrayEquals(expected.get(i % 8), found.get(i).get(), 1e-6f);
            }
        } finally {
            executor.shutdownNow();
        }
        assertEquals(before, arrays());
    }

    private float[] logits(GptModel model, int seed) {
        try (NDManager passing = manager.newSubManager()) {
            return infer(model, new RandomArrays(passing, seed).ids(9, 2, 8)).toFloatArray();
        }
    }

    private int arrays() {
        return manager.getManagedArrays().size();
    }
}
