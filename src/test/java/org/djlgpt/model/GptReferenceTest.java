package org.djlgpt.model;

import static org.djlgpt.testing.Figures.assertFigures;
import static org.djlgpt.testing.Figures.ids;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.Layers;
import org.djlgpt.testing.Figures;
import org.djlgpt.testing.OnCpu;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

/** The model against the same architecture in PyTorch, from the seed alone. */
class GptReferenceTest {

    private static final double TOLERANCE = 5e-5;
    private static final JsonObject FIGURES =
            Figures.read(GptReferenceTest.class, "gpt-reference.json");

    private NDManager manager;
    private NDArray tokens;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        tokens = ids(manager, FIGURES.get("tokens")); // (2, 8)
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"separateHead", "tiedWithBias"})
    void parametersAndLogitsFollowFromTheSeed(String name) {
        JsonObject figures = figures(name);
        GptModel model = model(figures, Layers.pytorch());

        assertParameters(figures.getAsJsonArray("parameters"), model);
        assertFigures(figures.get("logits"), logits(model, tokens, false), TOLERANCE);
        assertFigures(
                figures.get("logitsOfFirstToken"),
                logits(model, tokens.get(":, :1"), false),
                TOLERANCE);
        assertFigures(
                figures.get("attentionWeights"), model.attentionWeights(tokens).get(0), TOLERANCE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"separateHead", "tiedWithBias"})
    void gpt2InitializationFollowsFromTheSeed(String name) {
        JsonObject figures = figures(name).getAsJsonObject("gpt2Initialisation");
        Gpt2Config config = config(figures(name));
        GptModel model = model(figures(name), Layers.gpt2(config.numLayers()));

        assertParameters(figures.getAsJsonArray("parameters"), model);
        assertFigures(figures.get("logits"), logits(model, tokens, false), TOLERANCE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"separateHead", "tiedWithBias"})
    @OnCpu(OnCpu.DRAWS)
    void dropoutFollowsFromTheSeed(String name) {
        JsonObject figures = figures(name);
        GptModel model = model(figures, Layers.pytorch());

        Engine.getInstance().setRandomSeed(FIGURES.get("dropoutSeed").getAsInt());

        assertFigures(
                figures.getAsJsonObject("training").get("logits"),
                logits(model, tokens, true),
                TOLERANCE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"separateHead", "tiedWithBias"})
    void lossAndGradientsAgree(String name) {
        JsonObject figures = figures(name);
        GptModel model = model(figures, Layers.pytorch());
        NDArray targets = ids(manager, FIGURES.get("targets"));

        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray loss = CrossEntropy.mean(logits(model, tokens, false), targets);
            collector.backward(loss);
            assertEquals(figures.get("loss").getAsDouble(), loss.getFloat(), 1e-4);
        }

        JsonObject norms = figures.getAsJsonObject("gradientNorms");
        JsonObject gradients = figures.getAsJsonObject("gradients");
        List<Parameter> parameters = model.getParameters().values();
        JsonArray names = figures.getAsJsonArray("parameters");
        for (int i = 0; i < names.size(); i++) {
            String parameter = names.get(i).getAsJsonObject().get("name").getAsString();
            NDArray gradient = byName(parameter, names, parameters).getArray().getGradient();
            double norm = norms.get(parameter).getAsDouble();
            assertEquals(norm, gradient.norm().getFloat(), 1e-6 + 1e-4 * norm, parameter);
            if (gradients.has(parameter)) {
                assertFigures(gradients.get(parameter), gradient, 1e-6 + 1e-4 * norm);
            }
        }
    }

    @Test
    @OnCpu(OnCpu.DRAWS) // the published logits are those of a model that drops
    void theUntrainedGpt2SmallGivesThePublishedLogits() {
        JsonObject figures = FIGURES.getAsJsonObject("published").getAsJsonObject("gpt2Small");
        NDArray prompts = ids(manager, figures.get("tokens"));
        Gpt2Config config =
                Gpt2Config.small().toBuilder().optQkvBias(false).optTiedOutput(false).build();
        Engine.getInstance().setRandomSeed(123);
        GptModel model = new GptModel(config, Layers.pytorch());
        model.initialize(manager, DataType.FLOAT32, prompts.getShape());

        NDArray logits = logits(model, prompts, true);

        assertFigures(figures.get("firstThree"), logits.get(":, :, :3"), 1e-4);
        assertFigures(figures.get("lastThree"), logits.get(":, :, -3:"), 1e-4);
    }

    private GptModel model(JsonObject figures, Layers layers) {
        Gpt2Config config = config(figures);
        Engine.getInstance().setRandomSeed(FIGURES.get("seed").getAsInt());
        GptModel model = new GptModel(config, layers);
        model.initialize(manager, DataType.FLOAT32, new Shape(1, config.contextLength()));
        return model;
    }

    private static Gpt2Config config(JsonObject figures) {
        JsonObject config = figures.getAsJsonObject("config");
        return Gpt2Config.builder()
                .setVocabSize(config.get("vocabSize").getAsInt())
                .setContextLength(config.get("contextLength").getAsInt())
                .setEmbeddingDim(config.get("embeddingDim").getAsInt())
                .setNumHeads(config.get("numHeads").getAsInt())
                .setNumLayers(config.get("numLayers").getAsInt())
                .optDropout(config.get("dropout").getAsFloat())
                .optQkvBias(config.get("qkvBias").getAsBoolean())
                .optTiedOutput(config.get("tied").getAsBoolean())
                .build();
    }

    private NDArray logits(GptModel model, NDArray ids, boolean training) {
        return model.forward(new ParameterStore(manager, false), new NDList(ids), training)
                .singletonOrThrow();
    }

    private static void assertParameters(JsonArray expected, GptModel model) {
        List<Parameter> parameters = model.getParameters().values();
        assertEquals(expected.size(), parameters.size());
        for (JsonElement element : expected) {
            JsonObject figures = element.getAsJsonObject();
            String name = figures.get("name").getAsString();
            NDArray value = byName(name, expected, parameters).getArray();
            assertFigures(figures.get("first"), value.flatten().get(":3"), 1e-6);
            double norm = figures.get("norm").getAsDouble();
            assertEquals(norm, value.norm().getFloat(), 1e-4 * norm, name);
        }
    }

    private static Parameter byName(String name, JsonArray names, List<Parameter> parameters) {
        for (int i = 0; i < names.size(); i++) {
            if (names.get(i).getAsJsonObject().get("name").getAsString().equals(name)) {
                return parameters.get(i);
            }
        }
        throw new IllegalArgumentException("no parameter " + name);
    }

    private static JsonObject figures(String name) {
        JsonObject figures = FIGURES.getAsJsonObject("models").getAsJsonObject(name);
        assertTrue(figures.has("logits"), name);
        return figures;
    }
}
