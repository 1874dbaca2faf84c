package org.djlgpt.checkpoint;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Figures.assertFigures;
import static org.djlgpt.testing.Figures.ids;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;

import com.google.gson.JsonObject;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.Figures;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Path;
import java.util.List;

/** Models that transformers saved, against what transformers computes with them. */
class HuggingFaceFoldersTest {

    @Retention(RetentionPolicy.RUNTIME)
    @ParameterizedTest
    @ValueSource(strings = {"huggingface-tiny", "huggingface-base-f16", "huggingface-sharded-bf16"})
    private @interface ForEachFolder {}

    @TempDir private Path saved;
    private NDManager manager;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ForEachFolder
    void logitsAgree(String name) throws Exception {
        JsonObject expected = expected(name);
        GptModel model = ModelDirectory.load(folder(name), manager);

        assertEquals(expected.get("parameterCount").getAsLong(), model.parameterCount());
        assertFigures(
                expected.get("logits"), infer(model, ids(manager, expected.get("ids"))), 1e-4);
    }

    @ForEachFolder
    void greedyContinuationsAreEqual(String name) throws Exception {
        JsonObject expected = expected(name);
        GptModel model = ModelDirectory.load(folder(name), manager);
        NDArray prompts = ids(manager, expected.get("ids"));
        NDArray continuation = ids(manager, expected.get("greedyContinuation"));

        NDArray tokens = prompts; // (2, T)
        for (int i = 0; i < continuation.getShape().get(1); i++) {
            NDArray next = infer(model, tokens).get(":, -1:").argMax(-1); // (2, 1)
            tokens = tokens.concat(next, 1);
        }

        assertArrayEquals(prompts.concat(continuation, 1).toLongArray(), tokens.toLongArray());
    }

    @ForEachFolder
    void lossAndGradientsAgree(String name) throws Exception {
        JsonObject expected = expected(name);
        GptModel model = ModelDirectory.load(folder(name), 0f, manager);
        NDArray tokens = ids(manager, expected.get("ids"));

        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Pass pass = new Pass(new ParameterStore(manager, false), true);
            NDArray loss = model.loss(tokens.get(":, :-1"), tokens.get(":, 1:"), pass);
            assertEquals(expected.get("loss").getAsDouble(), loss.getFloat(), 1e-5);
            collector.backward(loss);
        }

        try (SafeTensors gradients =
                SafeTensors.open(folder(name).resolve("gradients.safetensors"))) {
            List<CheckpointTensor> tensors = ModelFormat.of(model.config()).tensors(model);
            assertEquals(tensors.size(), gradients.names().size());
            for (CheckpointTensor tensor : tensors) {
                assertGradient(gradients.read(manager, tensor.name()), tensor);
            }
        }
    }

    private static void assertGradient(NDArray expected, CheckpointTensor tensor) {
        float tolerance = 1e-6f + 1e-5f * expected.norm().getFloat();
        List<NDArray> parts = tensor.split(expected);
        for (int i = 0; i < parts.size(); i++) {
            assertArrayEquals(
                    parts.get(i).toFloatArray(),
                    tensor.parts().get(i).getArray().getGradient().toFloatArray(),
                    tolerance,
                    tensor.name());
        }
    }

    @ForEachFolder
    void savingAndLoadingChangesNothing(String name) throws Exception {
        GptModel original = ModelDirectory.load(folder(name), manager);

        ModelDirectory.save(original, saved);

        GptModel model = ModelDirectory.load(saved, manager);
        assertEquals(original.config(), model.config());
        assertEquals(values(original), values(model));
    }

    @Test
    void ourFilesHaveTheirNames() throws Exception {
        ModelDirectory.save(ModelDirectory.load(folder("huggingface-tiny"), manager), saved);

        try (WeightFiles theirs = WeightFiles.open(folder("huggingface-tiny"));
                WeightFiles ours = WeightFiles.open(saved)) {
            assertEquals(theirs.names(), ours.names());
        }
    }

    private static NDList values(GptModel model) {
        NDList values = new NDList();
        Blocks.parameters(model).forEach(parameter -> values.add(parameter.getArray()));
        return values;
    }

    private static JsonObject expected(String name) {
        return Figures.read(HuggingFaceFoldersTest.class, name + "/expected.json");
    }

    private static Path folder(String name) throws Exception {
        return Path.of(HuggingFaceFoldersTest.class.getResource(name).toURI());
    }
}
