package org.djlgpt.checkpoint;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.GptTrunk;

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

    private final GptConfig config;
    private final ModelFormat format;
    private final WeightFiles weights;
    private final Map<String, String> storedNames = new LinkedHashMap<>();

    /** Makes a reader, and refuses a number of layers that would take long only to list. */
    ModelReader(GptConfig config, WeightFiles weights) throws MalformedModelException {
        this.config = config;
        format = ModelFormat.of(config);
        this.weights = weights;
        requireLayers();
    }

    /** Initializes a model of the configuration; the manager owns its parameters, nothing else. */
    <M extends GptTrunk> M read(M model, NDManager manager)
            throws IOException, MalformedModelException {
        findNames();
        List<CheckpointTensor> tensors = format.tensors(model);
        for (CheckpointTensor tensor : tensors) {
            require(tensor);
        }
        boolean writes = model instanceof GptModel;
        requireNoOthers(tensors, writes);
        try (NDManager loading = manager.newSubManager()) {
            requireZeros(loading);
            if (writes && config.tiedOutput()) {
                requireTiedOutput(loading);
            }
            for (CheckpointTensor tensor : tensors) {
                read(tensor, loading);
            }
            model.initialize(loading, DataType.FLOAT32, new Shape(1, config.contextLength()));
            model.getParameters().values().forEach(p -> p.getArray().attach(manager));
        }
        return model;
    }

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
            String other = storedNames.put(bare(stored), stored);
            if (other != null) {
                throw malformed(stored, "is there twice, also as %s", other);
            }
        }
        weights.aliases().forEach((alias, stored) -> storedNames.putIfAbsent(bare(alias), stored));
    }

    private String bare(String name) {
        return name.startsWith(format.prefix()) ? name.substring(format.prefix().length()) : name;
    }

    private void require(CheckpointTensor tensor) throws MalformedModelException {
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
                    "has shape %s, but %s makes it %s%s",
                    file.shape(stored),
                    ModelDirectory.CONFIG,
                    tensor.shape(),
                    tensor.name().equals(ModelFormat.SCORE) ? ", a row for each label" : "");
        }
    }

    private void requireNoOthers(List<CheckpointTensor> tensors, boolean writes)
            throws MalformedModelException {
        Set<String> known = new HashSet<>();
        if (writes) {
            known.add(ModelFormat.OUTPUT); // the tied one, stored twice
        }
        tensors.forEach(tensor -> known.add(tensor.name()));
        known.addAll(format.zeros(config).keySet());
        for (Map.Entry<String, String> name : storedNames.entrySet()) {
            if (!known.contains(name.getKey()) && !format.isConstant(name.getKey())) {
                throw malformed(
                        name.getValue(),
                        "is not part of the model that %s describes",
                        ModelDirectory.CONFIG);
            }
        }
    }

    private void requireZeros(NDManager manager) throws IOException, MalformedModelException {
        for (String name : format.zeros(config).keySet()) {
            String stored = storedNames.get(name);
            if (stored != null
                    && weights.holding(stored).readFinite(manager, stored).any().getBoolean()) {
                throw malformed(
                        stored,
                        "is not zero, but %s says that there is no such bias (qkv_bias=false or"
                                + " bias=false); set it to true",
                        ModelDirectory.CONFIG);
            }
        }
    }

    private void requireTiedOutput(NDManager manager) throws IOException, MalformedModelException {
        String output = storedNames.get(ModelFormat.OUTPUT);
        if (output == null) {
            return;
        }
        String embedding = storedNames.get(format.embedding());
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
    private void read(CheckpointTensor tensor, NDManager manager)
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
