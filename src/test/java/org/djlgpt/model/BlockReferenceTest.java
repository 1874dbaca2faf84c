package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Figures.array;
import static org.djlgpt.testing.Figures.assertFigures;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import org.djlgpt.attention.GroupedQueryAttention;
import org.djlgpt.attention.RotaryEmbedding;
import org.djlgpt.attention.RotaryEmbedding.Scaling;
import org.djlgpt.nn.ActivationFunction;
import org.djlgpt.nn.LayerNorm;
import org.djlgpt.nn.RmsNorm;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.Figures;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.PlainOperators;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The blocks that models are made of against PyTorch's and those of transformers, with the same
 * weights, by kernels and by DJL's operators.
 */
class BlockReferenceTest {

    private static final double TOLERANCE = 2e-5;
    private static final JsonObject FIGURES =
            Figures.read(BlockReferenceTest.class, "block-reference.json");

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
    @ValueSource(strings = {"rms", "rmsWithLargeEpsilon"})
    void rmsNorm(String name) {
        JsonObject figures = figures("norms", name);
        assertAgrees(figures, new RmsNorm(5, figures.get("epsilon").getAsDouble()));
    }

    @Test
    void rmsNormOfNumbersAsSmallAsItsEpsilon() {
        JsonObject figures = figures("norms", "rmsOfSmallNumbers");
        RmsNorm norm = new RmsNorm(5, figures.get("epsilon").getAsDouble());
        NDArray x = array(manager, figures.get("input"));
        load(norm, x.getShape(), figures.getAsJsonObject("parameters"));

        assertFigures(figures.get("output"), infer(norm, x), 1e-6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"layer", "layerWithoutBias"})
    void layerNorm(String name) {
        JsonObject figures = figures("norms", name);
        boolean bias = figures.getAsJsonObject("parameters").has("bias");
        assertAgrees(figures, new LayerNorm(5, figures.get("epsilon").getAsDouble(), bias));
    }

    @ParameterizedTest
    @ValueSource(strings = {"default", "largeBase", "linear", "llama3"})
    void rotation(String name) {
        JsonObject figures = figures("rotations", name);
        NDArray x = array(manager, figures.get("input")); // (1, 2, 3, 16)
        double base = figures.get("base").getAsDouble();
        RotaryEmbedding rotary = new RotaryEmbedding(16, base, scaling(figures));
        double rounding = name.equals("llama3") ? 2e-8 : 0; // of a blended angle, each

        for (Map.Entry<String, JsonElement> output : outputsByStart(figures)) {
            int start = Integer.parseInt(output.getKey());
            double tolerance = TOLERANCE + rounding * start;
            assertFigures(output.getValue(), rotary.rotate(x, start), tolerance);
            try (PlainOperators plain = new PlainOperators()) {
                assertFigures(output.getValue(), rotary.rotate(x, start), tolerance);
            }
        }
        assertFigures(figures.getAsJsonObject("outputs").get("0"), infer(rotary, x), TOLERANCE);
    }

    private static Iterable<Map.Entry<String, JsonElement>> outputsByStart(JsonObject figures) {
        return figures.getAsJsonObject("outputs").entrySet();
    }

    private static Scaling scaling(JsonObject figures) {
        return switch (figures.get("rope_type").getAsString()) {
            case "linear" -> new Scaling.Linear(figures.get("factor").getAsDouble());
            case "llama3" ->
                    new Scaling.Llama3(
                            figures.get("factor").getAsDouble(),
                            figures.get("low_freq_factor").getAsDouble(),
                            figures.get("high_freq_factor").getAsDouble(),
                            figures.get("original_max_position_embeddings").getAsInt());
            default -> Scaling.none();
        };
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ungrouped",
                "grouped",
                "multiQuery",
                "ownHeadDim",
                "window",
                "bias",
                "normalized"
            })
    void groupedQueryAttention(String name) {
        JsonObject figures = figures("attentions", name);
        GroupedQueryAttention attention = attention(figures);

        assertAgrees(figures, attention);

        NDArray x = array(manager, figures.get("input"));
        assertFigures(figures.get("attentionWeights"), attention.attentionWeights(x), TOLERANCE);
    }

    private static GroupedQueryAttention attention(JsonObject figures) {
        int headDim = figures.get("headDim").getAsInt();
        GroupedQueryAttention.Builder builder =
                GroupedQueryAttention.builder()
                        .setInputDim(8)
                        .setOutputDim(8)
                        .setContextLength(7)
                        .setNumHeads(figures.get("numHeads").getAsInt())
                        .setNumKeyValueHeads(figures.get("numKeyValueHeads").getAsInt())
                        .optHeadDim(headDim)
                        .optRotary(new RotaryEmbedding(headDim))
                        .optQkvBias(figures.getAsJsonObject("parameters").has("q_proj.bias"));
        if (figures.has("slidingWindow")) {
            builder.optSlidingWindow(figures.get("slidingWindow").getAsInt());
        }
        if (figures.has("normEpsilon")) {
            builder.optQueryKeyNorm(figures.get("normEpsilon").getAsDouble());
        }
        return builder.build();
    }

    @Test
    void gatedFeedForward() {
        assertAgrees(figures("feedForwards", "gated"), new GatedFeedForward(8, 11));
    }

    static Stream<String> feedForwards() {
        return FIGURES.getAsJsonObject("feedForwards").keySet().stream()
                .filter(name -> !name.equals("gated"));
    }

    @ParameterizedTest
    @MethodSource("feedForwards")
    void feedForward(String name) {
        JsonObject figures = figures("feedForwards", name);
        String activation = figures.get("activation").getAsString();
        FeedForward feedForward =
                FeedForward.builder()
                        .setEmbeddingDim(4)
                        .optHiddenDim(7)
                        .optActivation(ActivationFunction.valueOf(activation))
                        .optBias(figures.get("bias").getAsBoolean())
                        .build();

        assertAgrees(figures, feedForward);
    }

    @ParameterizedTest
    @EnumSource
    void activationFunction(ActivationFunction function) {
        JsonObject figures = FIGURES.getAsJsonObject("activations");
        NDArray x = array(manager, figures.get("input"));

        assertFigures(figures.get(function.name()), function.apply(x), 2e-6);
        try (PlainOperators plain = new PlainOperators()) {
            assertFigures(figures.get(function.name()), function.apply(x), 2e-6);
        }
    }

    /** Output and gradients; PyTorch lists weights in the order in which a block of ours does. */
    private void assertAgrees(JsonObject figures, Block block) {
        NDArray x = array(manager, figures.get("input"));
        load(block, x.getShape(), figures.getAsJsonObject("parameters"));
        assertOutputAndGradients(figures, block, x);
        try (PlainOperators plain = new PlainOperators()) {
            assertOutputAndGradients(figures, block, x);
        }
    }

    private void load(Block block, Shape input, JsonObject values) {
        initialized(block, manager, input);
        List<Parameter> parameters = Blocks.parameters(block);
        assertEquals(values.size(), parameters.size());
        int i = 0;
        for (JsonElement value : values.asMap().values()) {
            Blocks.set(parameters.get(i++).getArray(), array(manager, value));
        }
    }

    private void assertOutputAndGradients(JsonObject figures, Block block, NDArray x) {
        NDArray mix = array(manager, figures.get("mix"));
        x.setRequiresGradient(true);
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray y = Blocks.train(block, x);
            assertFigures(figures.get("output"), y, TOLERANCE);
            collector.backward(y.mul(mix).sum());
        }
        assertGradient(figures.get("inputGradient"), x);
        List<Parameter> parameters = Blocks.parameters(block);
        int i = 0;
        for (JsonElement gradient : figures.getAsJsonObject("gradients").asMap().values()) {
            assertGradient(gradient, parameters.get(i++).getArray());
        }
    }

    private static void assertGradient(JsonElement expected, NDArray variable) {
        NDArray gradient = variable.getGradient();
        assertFigures(expected, gradient, TOLERANCE);
        Blocks.set(gradient, gradient.zerosLike());
    }

    private static JsonObject figures(String kind, String name) {
        return FIGURES.getAsJsonObject(kind).getAsJsonObject(name);
    }
}
