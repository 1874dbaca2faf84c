package org.djlgpt.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import org.djlgpt.io.AtomicFile;
import org.djlgpt.io.SafeTensors;
import org.djlgpt.io.TensorSource;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.model.Lora;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.torch.Recording;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** Writes a model's configuration and weights; one with an adapter is merged. */
final class ModelWriter {

    private final GptTrunk model;
    private final GptConfig config;
    private final ModelFormat format;
    private final OptionalInt endOfText;
    private OptionalInt endOfTurn = OptionalInt.empty();

    ModelWriter(GptTrunk model, OptionalInt endOfText) {
        this.model = model;
        this.endOfText = endOfText;
        config = model.config();
        format = ModelFormat.of(config);
    }

    /** Has {@code generate} of transformers stop at a token besides the end of text. */
    ModelWriter endsTurns(OptionalInt token) {
        endOfTurn = token;
        return this;
    }

    void write(Path folder) throws IOException {
        writeConfig(folder.resolve(ModelDirectory.CONFIG));
        if (!(model instanceof SequenceClassifier)) {
            writeGenerationConfig(folder.resolve(ModelDirectory.GENERATION_CONFIG));
        }
        NDManager owner = model.tokenEmbedding().weight().getArray().getManager();
        try (Recording off = Recording.off();
                NDManager merging = owner.newSubManager()) {
            GptTrunk plain = Lora.merge(model, merging);
            SafeTensors.writeLazily(folder.resolve(WeightFiles.SINGLE), sources(plain));
        }
    }

    private void writeConfig(Path file) throws IOException {
        JsonObject json = new JsonObject();
        json.addProperty("model_type", format.modelType());
        json.add("architectures", new Gson().toJsonTree(List.of(format.architecture(model))));
        format.write(config, json);
        if (model instanceof SequenceClassifier classifier) {
            ClassifierDirectory.writeHead(classifier, json);
        }
        addOtherFields(json);
        addTokens(json, "bos_token_id", "eos_token_id");
        json.addProperty("torch_dtype", "float32");
        writeJson(json, file);
    }

    private void addOtherFields(JsonObject json) {
        config.otherFields()
                .forEach(
                        (key, value) -> {
                            if (!json.has(key)) {
                                json.add(key, new Gson().fromJson(value, JsonElement.class));
                            }
                        });
    }

    /**
     * Writes {@code generation_config.json}, by which transformers' {@code generate} stops and
     * fills up the rows that stop early.
     */
    private void writeGenerationConfig(Path file) throws IOException {
        JsonObject json = new JsonObject();
        addTokens(json, "bos_token_id", StopTokens.KEY, "pad_token_id");
        if (endOfTurn.isPresent()) {
            json.add(StopTokens.KEY, with(endOfTurn.getAsInt(), json.get(StopTokens.KEY)));
        }
        writeJson(json, file);
    }

    /** Returns a number, or a list where there is another one already, as transformers has them. */
    private static JsonElement with(int token, JsonElement others) {
        Set<JsonElement> ids = new LinkedHashSet<>();
        if (others.isJsonArray()) {
            others.getAsJsonArray().forEach(ids::add);
        } else if (!others.isJsonNull()) {
            ids.add(others);
        }
        ids.add(new JsonPrimitive(token));
        return ids.size() == 1 ? ids.iterator().next() : new Gson().toJsonTree(ids);
    }

    /**
     * Adds the ids that the model was made with, or else the tokenizer's. Null is not the same as
     * nothing, for which transformers takes 50256.
     */
    private void addTokens(JsonObject json, String... keys) {
        JsonElement end =
                new Gson().toJsonTree(endOfText.isPresent() ? endOfText.getAsInt() : null);
        for (String key : keys) {
            String kept = config.otherFields().get(key);
            json.add(key, kept == null ? end : new Gson().fromJson(kept, JsonElement.class));
        }
    }

    static void writeJson(JsonObject json, Path file) throws IOException {
        String text = new GsonBuilder().setPrettyPrinting().serializeNulls().create().toJson(json);
        byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
        AtomicFile.writeStream(file, out -> out.write(bytes));
    }

    private Map<String, TensorSource> sources(GptTrunk plain) {
        NDArray embedding = plain.tokenEmbedding().weight().getArray();
        DataType type = embedding.getDataType();
        Map<String, TensorSource> sources = new LinkedHashMap<>();
        for (CheckpointTensor tensor : format.tensors(plain)) {
            sources.put(
                    format.prefixed(tensor.name()),
                    new TensorSource(type, tensor.shape(), tensor::join));
        }
        format.zeros(config)
                .forEach(
                        (name, shape) ->
                                sources.put(
                                        format.prefixed(name),
                                        new TensorSource(
                                                type,
                                                shape,
                                                () -> embedding.getManager().zeros(shape, type))));
        return sources;
    }
}
