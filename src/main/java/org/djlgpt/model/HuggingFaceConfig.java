package org.djlgpt.model;

import ai.djl.MalformedModelException;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;

import org.djlgpt.io.AtomicFile;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * The file {@code config.json} of a Hugging Face GPT-2 directory (<a
 * href="https://huggingface.co/docs/transformers/model_doc/gpt2#transformers.GPT2Config">GPT2Config</a>).
 * The key {@code qkv_bias} is our own; where it is missing there is a bias, as in GPT-2. Of the
 * three dropout rates {@code resid_pdrop} is the one that counts: the model has a single one.
 */
final class HuggingFaceConfig {

    private static final String ACTIVATION = "gelu_new"; // the tanh form
    private static final double EPSILON = 1e-5;

    private final Path file;
    private final JsonObject json;

    private HuggingFaceConfig(Path file, JsonObject json) {
        this.file = file;
        this.json = json;
    }

    static void write(Gpt2Config config, OptionalInt endOfText, Path file) throws IOException {
        JsonObject json = new JsonObject();
        json.addProperty("model_type", "gpt2");
        json.add("architectures", new Gson().toJsonTree(new String[] {"GPT2LMHeadModel"}));
        json.addProperty("vocab_size", config.vocabSize());
        json.addProperty("n_positions", config.contextLength());
        json.addProperty("n_embd", config.embeddingDim());
        json.addProperty("n_head", config.numHeads());
        json.addProperty("n_layer", config.numLayers());
        json.addProperty("activation_function", ACTIVATION);
        json.addProperty("layer_norm_epsilon", EPSILON);
        json.addProperty("embd_pdrop", config.embeddingDropout());
        json.addProperty("attn_pdrop", config.attentionDropout());
        json.addProperty("resid_pdrop", config.residualDropout());
        json.addProperty("qkv_bias", config.qkvBias());
        json.addProperty("tie_word_embeddings", config.tiedOutput());
        addTokens(json, endOfText, "bos_token_id", "eos_token_id");
        json.addProperty("torch_dtype", "float32");
        write(json, file);
    }

    /**
     * Writes {@code generation_config.json}, by which transformers' {@code generate} stops and
     * fills up the rows that stop early.
     */
    static void writeGeneration(OptionalInt endOfText, Path file) throws IOException {
        JsonObject json = new JsonObject();
        addTokens(json, endOfText, "bos_token_id", "eos_token_id", "pad_token_id");
        write(json, file);
    }

    /** Null is not the same as nothing, for which transformers takes 50256. */
    private static void addTokens(JsonObject json, OptionalInt endOfText, String... keys) {
        for (String key : keys) {
            json.addProperty(key, endOfText.isPresent() ? endOfText.getAsInt() : null);
        }
    }

    private static void write(JsonObject json, Path file) throws IOException {
        String text = new GsonBuilder().setPrettyPrinting().serializeNulls().create().toJson(json);
        byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
        AtomicFile.writeStream(file, out -> out.write(bytes));
    }

    static Gpt2Config read(Path file) throws IOException, MalformedModelException {
        String text = JsonText.read(file);
        try {
            JsonObject json = new Gson().fromJson(text, JsonObject.class);
            if (json == null) {
                throw new MalformedModelException(file + ": is empty; it must be a JSON object");
            }
            return new HuggingFaceConfig(file, json).config();
        } catch (JsonParseException e) {
            throw new MalformedModelException(file + ": is no JSON object: " + e.getMessage(), e);
        }
    }

    private Gpt2Config config() throws MalformedModelException {
        require("model_type", "gpt2");
        require("activation_function", ACTIVATION);
        require("layer_norm_epsilon", EPSILON);
        require("scale_attn_weights", true);
        require("scale_attn_by_inverse_layer_idx", false);
        require("add_cross_attention", false);
        require("transformers_weights", WeightFiles.SINGLE);
        int embeddingDim = size("n_embd");
        require("n_inner", 4 * embeddingDim);
        try {
            return Gpt2Config.builder()
                    .setVocabSize(size("vocab_size"))
                    .setContextLength(size("n_positions"))
                    .setEmbeddingDim(embeddingDim)
                    .setNumHeads(size("n_head"))
                    .setNumLayers(size("n_layer"))
                    .optDropout(number("resid_pdrop", 0.1).floatValue())
                    .optQkvBias(flag("qkv_bias", true))
                    .optTiedOutput(flag("tie_word_embeddings", true))
                    .build();
        } catch (IllegalArgumentException e) {
            throw new MalformedModelException(file + ": " + e.getMessage(), e);
        }
    }

    private void require(String key, Object expected) throws MalformedModelException {
        JsonElement value = json.get(key);
        if (value == null || value.isJsonNull()) {
            return;
        }
        boolean same =
                expected instanceof Number number
                        ? number(key, 0).doubleValue() == number.doubleValue()
                        : value.equals(new Gson().toJsonTree(expected));
        if (!same) {
            throw new MalformedModelException(
                    "%s: %s is %s, but only %s is supported".formatted(file, key, value, expected));
        }
    }

    private int size(String key) throws MalformedModelException {
        if (!json.has(key)) {
            throw new MalformedModelException(
                    "%s: %s is missing; it must be a positive integer".formatted(file, key));
        }
        try {
            return number(key, 0).intValueExact();
        } catch (ArithmeticException e) {
            throw new MalformedModelException(
                    "%s: %s is %s, but must be a positive integer"
                            .formatted(file, key, json.get(key)),
                    e);
        }
    }

    private BigDecimal number(String key, double missing) throws MalformedModelException {
        JsonElement value = json.get(key);
        if (value == null || value.isJsonNull()) {
            return BigDecimal.valueOf(missing);
        }
        try {
            BigDecimal number = new BigDecimal(value.getAsString());
            if (Math.abs(number.scale()) > 100) {
                throw new NumberFormatException(number + " is out of range");
            }
            return number;
        } catch (NumberFormatException | IllegalStateException | UnsupportedOperationException e) {
            throw new MalformedModelException(
                    "%s: %s is %s, but must be a number".formatted(file, key, value), e);
        }
    }

    private boolean flag(String key, boolean missing) throws MalformedModelException {
        JsonElement value = json.get(key);
        if (value == null || value.isJsonNull()) {
            return missing;
        }
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isBoolean()) {
            throw new MalformedModelException(
                    "%s: %s is %s, but must be true or false".formatted(file, key, value));
        }
        return value.getAsBoolean();
    }
}
