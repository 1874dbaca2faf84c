package org.djlgpt.model;

import ai.djl.MalformedModelException;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;

import org.djlgpt.io.AtomicFile;
import org.djlgpt.io.Json;

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
    private static final BigDecimal DROPOUT = new BigDecimal("0.1");

    /** In bytes; the index of a model with a thousand layers has a tenth of it. */
    static final int MAX_BYTES = 10_000_000;

    private HuggingFaceConfig() {}

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
        try {
            return config(Json.read(file, MAX_BYTES));
        } catch (IllegalArgumentException e) {
            throw new MalformedModelException(e.getMessage(), e);
        }
    }

    private static Gpt2Config config(Json json) {
        require(json, "model_type", "gpt2");
        require(json, "activation_function", ACTIVATION);
        require(json, "layer_norm_epsilon", EPSILON);
        require(json, "scale_attn_weights", true);
        require(json, "scale_attn_by_inverse_layer_idx", false);
        require(json, "add_cross_attention", false);
        require(json, "transformers_weights", WeightFiles.SINGLE);
        int embeddingDim = size(json, "n_embd");
        require(json, "n_inner", 4 * embeddingDim);
        Gpt2Config.Builder config =
                Gpt2Config.builder()
                        .setVocabSize(size(json, "vocab_size"))
                        .setContextLength(size(json, "n_positions"))
                        .setEmbeddingDim(embeddingDim)
                        .setNumHeads(size(json, "n_head"))
                        .setNumLayers(size(json, "n_layer"))
                        .optDropout(
                                json.field("resid_pdrop")
                                        .map(Json::number)
                                        .orElse(DROPOUT)
                                        .floatValue())
                        .optQkvBias(json.field("qkv_bias").map(Json::flag).orElse(true))
                        .optTiedOutput(
                                json.field("tie_word_embeddings").map(Json::flag).orElse(true));
        try {
            return config.build();
        } catch (IllegalArgumentException e) {
            throw (IllegalArgumentException) json.malformed("%s", e.getMessage()).initCause(e);
        }
    }

    private static void require(Json json, String key, Object expected) {
        json.field(key)
                .filter(value -> !says(value, expected))
                .ifPresent(
                        value -> {
                            throw value.malformed(
                                    "%s is %s, but only %s is supported", key, value, expected);
                        });
    }

    private static boolean says(Json value, Object expected) {
        return expected instanceof Number number
                ? value.number().doubleValue() == number.doubleValue()
                : value.toString().equals(new Gson().toJson(expected));
    }

    private static int size(Json json, String key) {
        Json value = json.require(key);
        try {
            return value.number().intValueExact();
        } catch (ArithmeticException e) {
            throw (IllegalArgumentException)
                    value.malformed("%s is %s, but must be a positive integer", key, value)
                            .initCause(e);
        }
    }
}
