package org.djlgpt.checkpoint;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Figures.assertFigures;
import static org.djlgpt.testing.Figures.ids;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;

import com.google.gson.JsonObject;

import org.djlgpt.decoder.GptCache;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.Figures;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Models that transformers saved, against what transformers computes with them. */
class HuggingFaceFoldersTest {

    @Retention(RetentionPolicy.RUNTIME)
    @ParameterizedTest
    @ValueSource(
            strings = {
                "huggingface-tiny",
                "huggingface-base-f16",
                "huggingface-sharded-bf16",
                "llama-tiny",
                "llama-linear-rope",
                "llama3-scaled-sharded-bf16",
                "mistral-window",
                "qwen2-tiny",
                "qwen3-f16"
            })
    private @interface ForEachFolder {}

    @TempDir private Path saved;
    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gpt2-epsilon",
                "gpt2-gelu",
                "gpt2-gelu-pytorch-tanh",
                "gpt2-inner",
                "gpt2-pdrops",
                "gpt2-relu",
                "gpt2-untied"
            })
    void whateverGpt2MayHaveIsComputed(String name) throws Exception {
        logitsAgree(name);
        savingAndLoadingChangesNothing(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2-save-model", "llama-save-model"})
    void aTiedTensorMayBeStoredUnderItsOtherName(String name) throws Exception {
        logitsAgree(name);
        savingAndLoadingChangesNothing(name);
    }

    @Test
    void anotherNameMustFitTheTensor() throws Exception {
        Path wrong = saved.resolve("wrong");
        Files.createDirectories(wrong);
        Files.copy(folder("gpt2-save-model").resolve("config.json"), wrong.resolve("config.json"));
        try (SafeTensors right =
                SafeTensors.open(folder("gpt2-save-model").resolve("model.safetensors"))) {
            Map<String, NDArray> tensors = new LinkedHashMap<>();
            for (String name : right.names()) {
                tensors.put(name, right.read(manager, name));
            }
            SafeTensors.write(
                    wrong.resolve("model.safetensors"),
                    tensors,
                    Map.of("transformer.wte.weight", "transformer.wpe.weight"));
        }

        String message =
                assertThrows(
                                MalformedModelException.class,
                                () -> ModelDirectory.load(wrong, manager))
                        .getMessage();
        assertTrue(message.contains("transformer.wpe.weight has shape"), message);
    }

    /** The configurations that transformers wrote for folders that were saved here. */
    @ParameterizedTest
    @ValueSource(
            strings = {"gpt2-pdrops", "llama3-scaled-sharded-bf16", "mistral-window", "qwen3-f16"})
    void whatPythonMakesOfOurFolderSaysTheSame(String name) throws Exception {
        Files.copy(
                folder(name).resolve("config-through-python.json"), saved.resolve("config.json"));

        GptConfig through = ModelDirectory.config(saved);
        GptConfig original = ModelDirectory.config(folder(name));

        assertEquals(original, through);
    }

    @Test
    void dropoutRatesAreKeptApart() throws Exception {
        GptConfig config = ModelDirectory.config(folder("gpt2-pdrops"));

        assertEquals(0.2f, config.attentionDropout());
        assertEquals(0.1f, config.embeddingDropout());
        assertEquals(0.3f, config.residualDropout());
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-linear-rope", "llama3-scaled-sharded-bf16"})
    void theRotationIsReadInTheOlderFormToo(String name) throws Exception {
        for (String file : folder(name).toFile().list()) {
            Files.copy(folder(name).resolve(file), saved.resolve(file));
        }
        Files.move(
                saved.resolve("config-old-form.json"),
                saved.resolve("config.json"),
                StandardCopyOption.REPLACE_EXISTING);

        LlamaConfig older = (LlamaConfig) ModelDirectory.config(saved);
        LlamaConfig newer = (LlamaConfig) ModelDirectory.config(folder(name));

        assertEquals(newer.ropeBase(), older.ropeBase());
        assertEquals(newer.ropeScaling(), older.ropeScaling());
    }

    @ForEachFolder
    void aDecoderContinuesAsTransformersDoes(String name) throws Exception {
        JsonObject expected = expected(name);
        NDArray prompts = ids(manager, expected.get("ids"));
        NDArray continuation = ids(manager, expected.get("greedyContinuation")); // (2, T)
        try (GptDecoder decoder =
                        ModelDirectory.loadDecoder(folder(name), WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 2)) {
            NDArray next = decoder.next(prompts, cache).argMax(1).expandDims(1); // (2, 1)
            for (int i = 0; i < continuation.getShape().get(1); i++) {
                assertEquals(continuation.get(":, {}:{}", i, i + 1), next);
                if (i + 1 < continuation.getShape().get(1)) {
                    next = decoder.next(next, cache).argMax(1).expandDims(1);
                }
            }
        }
    }

    @ForEachFolder
    void aDecoderOfLesserPrecisionIsClose(String name) throws Exception {
        JsonObject expected = expected(name);
        NDArray tokens = ids(manager, expected.get("ids"));
        NDArray exact = infer(ModelDirectory.load(folder(name), manager), tokens); // (2, T, V)
        double spread = exact.sub(exact.mean()).square().mean().sqrt().getFloat();
        for (WeightPrecision precision : WeightPrecision.values()) {
            try (GptDecoder decoder =
                    ModelDirectory.loadDecoder(folder(name), precision, manager)) {
                NDArray error = infer(decoder, tokens).sub(exact);
                double share = error.square().mean().sqrt().getFloat() / spread;
                double most =
                        switch (precision) {
                            case FP32 -> 1e-5;
                            case INT4 -> 0.15;
                            default -> 0.05;
                        };
                assertTrue(share < most, precision + ": " + share);
            }
        }
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
            ModelFormat format = ModelFormat.of(model.config());
            List<CheckpointTensor> tensors = format.tensors(model);
            assertEquals(tensors.size(), gradients.names().size());
            for (CheckpointTensor tensor : tensors) {
                boolean bare = gradients.names().contains(tensor.name());
                String stored = bare ? tensor.name() : format.prefixed(tensor.name());
                assertGradient(gradients.read(manager, stored), tensor);
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
