package org.djlgpt.model;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.torch.Recording;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model on disk, as a Hugging Face GPT-2 directory: {@code config.json} and {@code
 * model.safetensors} in the names and layout of {@code GPT2LMHeadModel}. The tokenizer lies beside
 * them; {@code org.djlgpt.text.Tokenizer} writes and reads it.
 */
public final class ModelDirectory {

    private static final String CONFIG = "config.json";
    private static final String WEIGHTS = "model.safetensors";
    private static final List<String> WEIGHT_TYPES = List.of("F32", "F16", "BF16");
    private static final String PREFIX = "transformer.";
    private static final String QKV_BIAS = "h.%d.attn.c_attn.bias";

    private ModelDirectory() {}

    /**
     * Writes a model. Each file appears whole or not at all.
     *
     * @param model an initialized model
     * @param directory the folder, created if it is missing; a model that lies there is replaced
     * @throws IOException if the folder can't be written
     */
    public static void save(GptModel model, Path directory) throws IOException {
        Files.createDirectories(directory);
        HuggingFaceConfig.write(model.config(), directory.resolve(CONFIG));
        try (Recording off = Recording.off();
                NDScope scope = new NDScope()) {
            Map<String, NDArray> tensors = new LinkedHashMap<>();
            for (Gpt2Tensor tensor : Gpt2Tensor.of(model)) {
                tensors.put(prefixed(tensor.name()), tensor.join());
            }
            if (!model.config().qkvBias()) {
                addZeroBiases(model, tensors);
            }
            SafeTensors.write(directory.resolve(WEIGHTS), tensors);
        }
    }

    private static String prefixed(String name) {
        return name.startsWith("lm_head") ? name : PREFIX + name;
    }

    private static void addZeroBiases(GptModel model, Map<String, NDArray> tensors) {
        NDManager manager = model.getParameters().get(0).getValue().getArray().getManager();
        Shape shape = new Shape(3L * model.config().embeddingDim());
        for (int layer = 0; layer < model.config().numLayers(); layer++) {
            tensors.put(PREFIX + QKV_BIAS.formatted(layer), manager.zeros(shape));
        }
    }

    /**
     * Reads a model's sizes.
     *
     * @param directory a Hugging Face GPT-2 directory
     * @return the configuration
     * @throws IOException if {@code config.json} is missing or can't be read
     * @throws MalformedModelException if it is no GPT-2 configuration that this library supports
     */
    public static GptConfig config(Path directory) throws IOException, MalformedModelException {
        return HuggingFaceConfig.read(requireFile(directory, CONFIG));
    }

    /**
     * Reads a model.
     *
     * @param directory a Hugging Face GPT-2 directory; tensor names may have the prefix {@code
     *     transformer.} or not
     * @param manager owns the parameters and says on which device they are
     * @return the initialized model
     * @throws IOException if a file is missing or can't be read
     * @throws MalformedModelException if a file is malformed, or they contradict each other
     */
    public static GptModel load(Path directory, NDManager manager)
            throws IOException, MalformedModelException {
        GptConfig config = config(directory);
        Path path = requireFile(directory, WEIGHTS);
        try (Recording off = Recording.off();
                SafeTensors file = SafeTensors.open(path);
                NDManager loading = manager.newSubManager()) {
            requireLayers(config, file, path);
            GptModel model = new GptModel(config);
            Map<String, String> names = names(file, path);
            List<Gpt2Tensor> tensors = Gpt2Tensor.of(model);
            requireAll(tensors, names, file, path);
            requireNoOthers(model, tensors, names, path);
            if (!config.qkvBias()) {
                requireNoBias(config, file, path, names, loading);
            }
            for (Gpt2Tensor tensor : tensors) {
                read(tensor, file, names.get(tensor.name()), loading);
            }
            model.initialize(loading, DataType.FLOAT32, new Shape(1, config.contextLength()));
            model.getParameters().values().forEach(p -> p.getArray().attach(manager));
            return model;
        }
    }

    private static void requireLayers(GptConfig config, SafeTensors file, Path path)
            throws MalformedModelException {
        int tensors = file.names().size();
        if (config.numLayers() > tensors) {
            throw new MalformedModelException(
                    "%s: %s has %d layers, but there are only %d tensors"
                            .formatted(path, CONFIG, config.numLayers(), tensors));
        }
    }

    private static Path requireFile(Path directory, String name) throws NoSuchFileException {
        Path file = directory.resolve(name);
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(
                    file.toString(),
                    null,
                    "is missing; a model folder needs " + CONFIG + " and " + WEIGHTS);
        }
        return file;
    }

    private static Map<String, String> names(SafeTensors file, Path path)
            throws MalformedModelException {
        Map<String, String> names = new LinkedHashMap<>();
        for (String name : file.names()) {
            String plain = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
            String other = names.put(plain, name);
            if (other != null) {
                throw new MalformedModelException(
                        "%s: tensor %s is there twice, also as %s".formatted(path, other, name));
            }
        }
        return names;
    }

    private static void requireAll(
            List<Gpt2Tensor> tensors, Map<String, String> names, SafeTensors file, Path path)
            throws MalformedModelException {
        for (Gpt2Tensor tensor : tensors) {
            String name = names.get(tensor.name());
            if (name == null) {
                throw new MalformedModelException(
                        "%s: tensor %s is missing, which %s asks for"
                                .formatted(path, tensor.name(), CONFIG));
            }
            if (!WEIGHT_TYPES.contains(file.dtype(name))) {
                throw new MalformedModelException(
                        "%s: tensor %s is of type %s, but weights are one of %s"
                                .formatted(path, name, file.dtype(name), WEIGHT_TYPES));
            }
            if (!file.shape(name).equals(tensor.shape())) {
                throw new MalformedModelException(
                        "%s: tensor %s has shape %s, but %s makes it %s"
                                .formatted(path, name, file.shape(name), CONFIG, tensor.shape()));
            }
        }
    }

    private static void requireNoOthers(
            GptModel model, List<Gpt2Tensor> tensors, Map<String, String> names, Path path)
            throws MalformedModelException {
        Set<String> known = new HashSet<>(Set.of("lm_head.weight")); // the tied one, stored twice
        tensors.forEach(tensor -> known.add(tensor.name()));
        for (int layer = 0; layer < model.config().numLayers(); layer++) {
            known.add(QKV_BIAS.formatted(layer)); // zero where there is no bias
            known.add("h.%d.attn.bias".formatted(layer)); // the causal mask, in old files
            known.add("h.%d.attn.masked_bias".formatted(layer));
        }
        for (String name : names.keySet()) {
            if (!known.contains(name)) {
                throw new MalformedModelException(
                        "%s: tensor %s is not part of the model that %s describes"
                                .formatted(path, names.get(name), CONFIG));
            }
        }
    }

    private static void requireNoBias(
            GptConfig config,
            SafeTensors file,
            Path path,
            Map<String, String> names,
            NDManager manager)
            throws IOException, MalformedModelException {
        for (int layer = 0; layer < config.numLayers(); layer++) {
            String name = names.get(QKV_BIAS.formatted(layer));
            if (name != null && file.read(manager, name).any().getBoolean()) {
                throw new MalformedModelException(
                        "%s: tensor %s is not zero, but %s says qkv_bias=false; set it to true"
                                .formatted(path, name, CONFIG));
            }
        }
    }

    private static void read(Gpt2Tensor tensor, SafeTensors file, String name, NDManager manager)
            throws IOException, MalformedModelException {
        try (NDManager reading = manager.newSubManager()) {
            List<NDArray> values = tensor.split(file.read(reading, name));
            for (int i = 0; i < values.size(); i++) {
                Parameter parameter = tensor.parts().get(i);
                NDArray value = values.get(i);
                value.attach(manager);
                parameter.setInitializer((owner, shape, type) -> value);
            }
        }
    }
}
