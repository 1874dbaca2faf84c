package org.djlgpt.checkpoint;

import static org.djlgpt.testing.Figures.assertFigures;
import static org.djlgpt.testing.Figures.ids;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import org.djlgpt.model.GptModel;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.Positions;
import org.djlgpt.testing.Figures;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Packed sequences against Hugging Face transformers with a block-diagonal mask, see {@code
 * src/test/python/packed_fixture.py}.
 */
class PackedFoldersTest {

    private final NDManager manager = ComputeDevice.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"huggingface-tiny", "llama-tiny", "mistral-window", "qwen3-f16"})
    void lossesAndGradientsAreThoseOfTransformersWithSuchAMask(String folder) throws Exception {
        JsonObject expected = Figures.read(Positions.class, "/org/djlgpt/tuning/packed.json");
        expected = expected.getAsJsonObject(folder);
        Path path = Path.of("src/test/resources/org/djlgpt/checkpoint", folder);
        GptModel model = ModelDirectory.load(path, 0f, manager);
        NDArray tokens = ids(manager, expected.get("ids"));
        NDArray targets = ids(manager, expected.get("targets"));
        Positions positions = Positions.packed(ids(manager, expected.get("positions")));
        Pass packed = new Pass(new ParameterStore(manager, false), false, positions);

        NDArray logits = packed.through(tokens, model); // (B, T, V)
        NDArray likelihoods = logits.logSoftmax(-1).gather(targets.maximum(0).expandDims(2), 2);
        NDArray losses = likelihoods.squeeze(2).neg().mul(targets.neq(CrossEntropy.IGNORED));
        assertFigures(expected.get("losses"), losses, 2e-5);

        ModelFormat format = ModelFormat.of(model.config());
        JsonObject norms = expected.getAsJsonObject("gradients");
        List<Parameter> parameters = model.getParameters().values();
        List<NDArray> weights = parameters.stream().map(Parameter::getArray).toList();
        weights.forEach(weight -> weight.setRequiresGradient(true));
        Map<Parameter, NDArray> gradients = new HashMap<>();
        try (Recording on = Recording.on()) {
            NDList all = Gradients.of(model.loss(tokens, targets, packed), weights);
            for (int i = 0; i < all.size(); i++) {
                gradients.put(parameters.get(i), all.get(i));
            }
        }
        for (CheckpointTensor tensor : format.tensors(model)) {
            JsonElement bare = norms.get(tensor.name());
            JsonElement norm = bare == null ? norms.get(format.prefixed(tensor.name())) : bare;
            double square = 0;
            for (Parameter part : tensor.parts()) {
                square += Math.pow(gradients.get(part).norm().getFloat(), 2);
            }
            assertEquals(norm.getAsDouble(), Math.sqrt(square), 1e-4, tensor.name());
        }
    }
}
