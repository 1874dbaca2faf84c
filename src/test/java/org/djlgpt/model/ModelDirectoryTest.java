package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Figures.assertFigures;
import static org.djlgpt.testing.Figures.ids;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import com.google.gson.JsonObject;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.Figures;
import org.djlgpt.testing.RandomArrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Models that come out of a folder as they went in, our own and one that transformers saved. */
class ModelDirectoryTest {

    private static final JsonObject EXPECTED =
            Figures.read(ModelDirectoryTest.class, "huggingface-tiny/expected.json");

    @TempDir private Path folder;
    private NDManager manager;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void aModelThatTransformersSavedGivesItsLogits() throws Exception {
        GptModel model = ModelDirectory.load(huggingFaceTiny(), manager);

        assertEquals(EXPECTED.get("parameterCount").getAsLong(), model.parameterCount());
        assertFigures(EXPECTED.get("logits"), infer(model, expectedIds()), 1e-4);
    }

    @Test
    void aModelThatTransformersSavedSurvivesBeingSavedByUs() throws Exception {
        GptModel original = ModelDirectory.load(huggingFaceTiny(), manager);

        ModelDirectory.save(original, folder);

        GptModel model = ModelDirectory.load(folder, manager);
        assertEquals(original.config(), model.config());
        assertFigures(EXPECTED.get("logits"), infer(model, expectedIds()), 1e-4);
        assertSameParameters(original, model);
        try (SafeTensors theirs = SafeTensors.open(huggingFaceTiny().resolve("model.safetensors"));
                SafeTensors ours = SafeTensors.open(folder.resolve("model.safetensors"))) {
            assertEquals(theirs.names(), ours.names());
        }
    }

    @ParameterizedTest(name = "tied {0}, qkv bias {1}")
    @CsvSource({"true, true", "true, false", "false, true", "false, false"})
    void aModelComesBackAsItWas(boolean tied, boolean qkvBias) throws Exception {
        GptModel original = randomModel(tied, qkvBias);
        NDArray tokens = new RandomArrays(manager, 2).ids(7, 2, 5);

        ModelDirectory.save(original, folder.resolve("new/folder"));

        GptModel model = ModelDirectory.load(folder.resolve("new/folder"), manager);
        assertEquals(original.config(), ModelDirectory.config(folder.resolve("new/folder")));
        assertEquals(original.config(), model.config());
        assertEquals(original.parameterCount(), model.parameterCount());
        assertSameParameters(original, model);
        assertArrayEquals(
                infer(original, tokens).toFloatArray(), infer(model, tokens).toFloatArray(), 1e-6f);
    }

    @Test
    void aSavedModelReplacesTheOneBefore() throws Exception {
        ModelDirectory.save(randomModel(true, true), folder);
        GptModel original = randomModel(false, false);

        ModelDirectory.save(original, folder);

        GptModel model = ModelDirectory.load(folder, manager);
        assertEquals(original.config(), model.config());
        assertSameParameters(original, model);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tensorNamesMayLackTheirPrefix(boolean tied) throws Exception {
        GptModel original = randomModel(tied, true);
        ModelDirectory.save(original, folder);
        rename("transformer.", "");

        assertSameParameters(original, ModelDirectory.load(folder, manager));
    }

    private void rename(String prefix, String replacement) throws Exception {
        Path file = folder.resolve("model.safetensors");
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        try (SafeTensors stored = SafeTensors.open(file)) {
            for (String name : stored.names()) {
                tensors.put(name.replace(prefix, replacement), stored.read(manager, name));
            }
        }
        assertFalse(tensors.keySet().stream().anyMatch(name -> name.startsWith(prefix)));
        SafeTensors.write(file, tensors);
    }

    @Test
    void aLoadedModelCanBeTrained() throws Exception {
        GptModel model = ModelDirectory.load(huggingFaceTiny(), manager);

        for (Parameter parameter : Blocks.parameters(model)) {
            assertTrue(parameter.getArray().hasGradient(), parameter.getName());
        }
    }

    @Test
    void loadingLeavesNothingButTheParameters() throws Exception {
        GptModel model = ModelDirectory.load(huggingFaceTiny(), manager);

        assertEquals(model.getParameters().size(), manager.getManagedArrays().size());
    }

    @Test
    void savingLeavesNothing() throws Exception {
        GptModel model = randomModel(true, false);
        int before = manager.getManagedArrays().size();

        ModelDirectory.save(model, folder);

        assertEquals(before, manager.getManagedArrays().size());
    }

    @Test
    void savingIntoAFileIsRefused() throws Exception {
        GptModel model = randomModel(true, true);
        ModelDirectory.save(model, folder);
        Path file = folder.resolve("config.json");

        IOException refusal =
                assertThrows(IOException.class, () -> ModelDirectory.save(model, file));
        assertTrue(refusal.getMessage().contains(file.toString()));
    }

    private GptModel randomModel(boolean tied, boolean qkvBias) {
        GptConfig config =
                GptConfig.builder()
                        .setVocabSize(7)
                        .setContextLength(5)
                        .setEmbeddingDim(6)
                        .setNumHeads(3)
                        .setNumLayers(2)
                        .optDropout(0.25f)
                        .optQkvBias(qkvBias)
                        .optTiedOutput(tied)
                        .build();
        GptModel model = new GptModel(config);
        initialized(model, manager, new Shape(1, 5));
        Blocks.randomize(model, new RandomArrays(manager, 1));
        return model;
    }

    private static void assertSameParameters(GptModel expected, GptModel actual) {
        assertEquals(expected.getParameters().keys(), actual.getParameters().keys());
        for (int i = 0; i < expected.getParameters().size(); i++) {
            NDArray value = Blocks.parameters(expected).get(i).getArray();
            NDArray loaded = Blocks.parameters(actual).get(i).getArray();
            assertEquals(value.getShape(), loaded.getShape());
            assertArrayEquals(value.toFloatArray(), loaded.toFloatArray());
        }
    }

    private NDArray expectedIds() {
        return ids(manager, EXPECTED.get("ids"));
    }

    private static Path huggingFaceTiny() throws Exception {
        return Path.of(ModelDirectoryTest.class.getResource("huggingface-tiny").toURI());
    }
}
