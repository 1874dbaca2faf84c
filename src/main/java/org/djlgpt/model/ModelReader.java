package org.djlgpt.model;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import org.djlgpt.io.SafeTensors;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Makes a model of a configuration and weights, which must describe the same one. */
final class ModelReader {

    private static final List<String> WEIGHT_TYPES = List.of("F32", "F16", "BF16");

    private final Gpt2Config config;
    private final WeightFiles weights;
    private final Map<String, String> storedNames = new LinkedHashMap<>();

    ModelReader(Gpt2Config config, WeightFiles weights) {
        this.config = config;
        this.weights = weights;
    }

    /** Returns the initialized model; the manager owns its parameters and nothing else. */
    GptModel read(NDManager manager) throws IOException, MalformedModelException {
        requireLayers();
        findNames();
        GptModel model = new GptModel(config);
        List<Gpt2Tensor> tensors = Gpt2Tensor.of(model);
        for (Gpt2Tensor tensor : tensors) {
            require(tensor);
        }
        requireNoOthers(tensors);
        try (NDManager loading = manager.newSubManager()) {
            if (!config.qkvBias()) {
                requireNoBias(loading);
            }
            if (config.tiedOutput()) {
                requireTiedOutput(loading);
            }
            for (Gpt2Tensor tensor : tensors) {
                read(tensor, loading);
            }
            model.initialize(loading, DataType.FLOAT32, new Shape(1, config.contextLength()));
            model.getParameters().values().forEach(p -> p.getArray().attach(manager));
        }
        return model;
    }

    /** Refuses a number of layers that would take long only to list. */
    private void requireLayers() throws MalformedModelException {
        int tensors = weights.names().size();
        if (config.numLayers() > tensors) {
            throw new MalformedModelException(
                    "%s: %s has %d layers, but there are only %d tensors"
                            .formatted(
                                    weights.path(),
                                    ModelDirectory.CONFIG,
                                    config.numLayers(),
                                    tensors));
        }
    }

    private void findNames() throws MalformedModelException {
        for (String stored : weights.names()) {
            String name =
                    stored.startsWith(Gpt2Tensor.PREFIX)
                            ? stored.substring(Gpt2Tensor.PREFIX.length())
                            : stored;
            String other = storedNames.put(name, stored);
            if (other != null) {
                throw malformed(stored, "is there twice, also as %s", other);
            }
        }
    }

    private void require(Gpt2Tensor tensor) throws MalformedModelException {
        String stored = storedNames.get(tensor.name());
        if (stored == null) {
            throw new MalformedModelException(
                    "%s: tensor %s is missing, which %s asks for"
                            .formatted(weights.path(), tensor.name(), ModelDirectory.CONFIG));
        }
        SafeTensors file = weights.holding(stored);
        if (!WEIGHT_TYPES.contains(file.dtype(stored))) {
            throw malformed(
                    stored,
                    "is of type %s, but weights are one of %s",
                    file.dtype(stored),
                    WEIGHT_TYPES);
        }
        if (!file.shape(stored).equals(tensor.shape())) {
            throw malformed(
                    stored,
                    "has shape %s, but %s makes it %s",
                    file.shape(stored),
                    ModelDirectory.CONFIG,
                    tensor.shape());
        }
    }

    private void requireNoOthers(List<Gpt2Tensor> tensors) throws MalformedModelException {
        Set<String> known = new HashSet<>(Set.of(Gpt2Tensor.OUTPUT)); // the tied one, stored twice
        tensors.forEach(tensor -> known.add(tensor.name()));
        for (int layer = 0; layer < config.numLayers(); layer++) {
            known.add(Gpt2Tensor.qkvBias(layer)); // zero where there is no bias
            known.add("h.%d.attn.bias".formatted(layer)); // the causal mask, in old files
            known.add("h.%d.attn.masked_bias".formatted(layer));
        }
        for (Map.Entry<String, String> name : storedNames.entrySet()) {
            if (!known.contains(name.getKey())) {
                throw malformed(
                        name.getValue(),
                        "is not part of the model that %s describes",
                        ModelDirectory.CONFIG);
            }
        }
    }

    private void requireNoBias(NDManager manager) throws IOException, MalformedModelException {
        for (int layer = 0; layer < config.numLayers(); layer++) {
            String stored = storedNames.get(Gpt2Tensor.qkvBias(layer));
            if (stored != null
                    && weights.holding(stored).readFinite(manager, stored).any().getBoolean()) {
                throw malformed(
                        stored,
                        "is not zero, but %s says qkv_bias=false; set it to true",
                        ModelDirectory.CONFIG);
            }
        }
    }

    private void requireTiedOutput(NDManager manager) throws IOException, MalformedModelException {
        String output = storedNames.get(Gpt2Tensor.OUTPUT);
        if (output == null) {
            return;
        }
        String embedding = storedNames.get(Gpt2Tensor.TOKEN_EMBEDDING);
        try (NDArray one = weights.holding(output).readFinite(manager, output);
                NDArray other = weights.holding(embedding).readFinite(manager, embedding)) {
            if (!one.contentEquals(other)) {
                throw malformed(
                        output,
                        "differs from %s, but %s says tie_word_embeddings=true; set it to false",
                        embedding,
                        ModelDirectory.CONFIG);
            }
        }
    }

    /**
     * Reads a tensor after memory for its parts was taken: what is free again then lies at the end
     * of the heap, while in front of the parts it would stay a hole that the next does not fit.
     */
    private void read(Gpt2Tensor tensor, NDManager manager)
            throws IOException, MalformedModelException {
        String stored = storedNames.get(tensor.name());
        SafeTensors file = weights.holding(stored);
        if (!tensor.isRearranged()) {
            set(tensor.parts().get(0), file.readFinite(manager, stored));
            return;
        }
        List<NDArray> arrays = new ArrayList<>();
        for (Parameter part : tensor.parts()) {
            arrays.add(manager.create(part.getShape()));
            set(part, arrays.get(arrays.size() - 1));
        }
        try (NDManager reading = manager.newSubManager()) {
            List<NDArray> values = tensor.split(file.readFinite(reading, stored));
            for (int i = 0; i < values.size(); i++) {
                arrays.get(i).set(new NDIndex("..."), values.get(i));
            }
        }
    }

    private static void set(Parameter parameter, NDArray value) {
        parameter.setInitializer((owner, shape, type) -> value);
    }

    private MalformedModelException malformed(String stored, String reason, Object... values) {
        return new MalformedModelException(
                "%s: tensor %s %s"
                        .formatted(
                                weights.holding(stored).path(), stored, reason.formatted(values)));
    }
}
