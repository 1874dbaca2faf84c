package org.djlgpt.checkpoint;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.GptModel;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** What is wrong with a model folder is said, with the file, and nothing is left in memory. */
class ModelDirectoryMalformedTest {

    @TempDir private Path folder;
    private NDManager manager;

    @BeforeEach
    void copyAGoodFolder() throws Exception {
        manager = ComputeDevice.newManager();
        copy("huggingface-tiny");
    }

    private void copy(String model) throws Exception {
        Path good = Path.of(getClass().getResource(model).toURI());
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(
                    good.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "model.safetensors"})
    void aMissingPartIsNamed(String part) throws IOException {
        Files.delete(folder.resolve(part));

        assertRefusedToLoad(NoSuchFileException.class, folder.resolve(part).toString(), part);
    }

    @Test
    void aMissingFolderIsNamed() {
        Path missing = folder.resolve("missing");

        assertRefused(
                NoSuchFileException.class,
                () -> ModelDirectory.load(missing, manager),
                missing.toString());
    }

    @Test
    void aMissingTensorIsNamed() throws Exception {
        changeTensors(tensors -> tensors.remove("transformer.h.1.mlp.c_fc.bias"));

        assertMalformed("model.safetensors", "h.1.mlp.c_fc.bias", "missing");
    }

    @Test
    void aTensorOfTheWrongShapeIsNamedWithBothShapes() throws Exception {
        changeTensors(
                tensors ->
                        tensors.put("transformer.h.0.ln_1.weight", manager.zeros(new Shape(31))));

        assertMalformed("model.safetensors", "h.0.ln_1.weight", "(31)", "(32)");
    }

    @Test
    void aTransposedTensorIsRefused() throws Exception {
        changeTensors(
                tensors ->
                        tensors.computeIfPresent(
                                "transformer.h.0.mlp.c_fc.weight",
                                (name, tensor) -> tensor.transpose()));

        assertMalformed("model.safetensors", "h.0.mlp.c_fc.weight", "(128, 32)", "(32, 128)");
    }

    @Test
    void aTensorThatTheModelLacksIsNamed() throws Exception {
        changeTensors(
                tensors -> tensors.put("transformer.h.2.ln_1.weight", manager.ones(new Shape(32))));

        assertMalformed("model.safetensors", "h.2.ln_1.weight", "not part of the model");
    }

    @Test
    void aBiasThatTheConfigurationDeniesIsNotDropped() throws Exception {
        changeConfig(config -> config.addProperty("qkv_bias", false));

        assertMalformed("h.0.attn.c_attn.bias", "qkv_bias=false");
    }

    @Test
    void anOutputLayerThatIsSaidToBeTiedMustBeTheEmbedding() throws Exception {
        changeTensors(
                tensors -> tensors.put("lm_head.weight", tensors.get("transformer.wte.weight")));
        try (NDManager loading = ComputeDevice.newManager()) {
            GptModel model = ModelDirectory.load(folder, loading);
            assertEquals(model.getParameters().size(), loading.getManagedArrays().size());
        }
        changeTensors(tensors -> tensors.computeIfPresent("lm_head.weight", (k, v) -> v.add(1)));

        assertMalformed("model.safetensors", "lm_head.weight differs", "tie_word_embeddings=true");
    }

    @Test
    void aTensorOfWholeNumbersIsNamedWithItsType() throws Exception {
        changeTensors(
                tensors ->
                        tensors.put(
                                "transformer.ln_f.bias",
                                manager.zeros(new Shape(32), DataType.INT64)));

        assertMalformed("model.safetensors", "ln_f.bias", "I64", "F32");
    }

    @Test
    void aTruncatedWeightsFileIsRefused() throws Exception {
        Path weights = folder.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        Files.write(weights, Arrays.copyOf(bytes, bytes.length - 1));

        assertMalformed("model.safetensors");
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "n_inner | 0 | at least 1",
                "activation_function | 'gelu_fast' | gelu_new",
                "activation_function | 1 | a string",
                "model_type | 'bert' | gpt2, llama",
                "layer_norm_epsilon | 0 | positive",
                "num_attention_heads | 2 | n_head",
                "hidden_size | 64 | n_embd",
                "scale_attn_weights | false | true",
                "scale_attn_by_inverse_layer_idx | true | false",
                "add_cross_attention | true | false",
                "transformers_weights | 'other.safetensors' | model.safetensors",
                "n_layer | 1e999999999 | number",
                "n_head | 5 | n_head=5 must divide n_embd=32; use n_head=4 or 8",
                "n_head | 0 | n_head=0 must be at least 1",
                "n_layer | -1 | at least 1",
                "n_layer | 1.5 | positive integer",
                "n_embd | 'wide' | number",
                "n_embd | 99999999999 | positive integer",
                "n_positions | {} | number",
                "resid_pdrop | 1 | [0, 1)",
                "tie_word_embeddings | 'yes' | true or false",
                "qkv_bias | 1 | true or false"
            })
    void aConfigurationThatIsNotSupportedIsExplained(String key, String value, String expected)
            throws Exception {
        changeConfig(config -> config.add(key, new Gson().fromJson(value, JsonElement.class)));

        assertMalformed("config.json", expected);
    }

    @ParameterizedTest(name = "{0}: {1} = {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "llama-tiny | hidden_act | 'gelu' | silu",
                "llama-tiny | attention_bias | true | false",
                "llama-tiny | mlp_bias | true | false",
                "llama-tiny | partial_rotary_factor | 0.5 | 1",
                "llama-tiny | quantization_config | {} | not supported",
                "llama-tiny | attn_logit_softcapping | 50 | not supported",
                "llama-tiny | num_experts | 8 | not supported",
                "llama-tiny | num_key_value_heads | 3 | num_attention_heads=4; use"
                        + " num_key_value_heads=2 or 4",
                "llama-tiny | head_dim | 5 | head_dim=5 must be even to be rotated in pairs; use 6",
                "llama-tiny | rms_norm_eps | 0 | positive",
                "llama-tiny | rope_parameters | {rope_type: 'yarn', factor: 4} | llama3 are"
                        + " supported",
                "llama-tiny | rope_parameters | {rope_type: 'dynamic', factor: 4} | llama3 are",
                "llama-tiny | rope_parameters | {rope_type: 'linear', factor: 0.5} | at least 1",
                "llama-tiny | rope_parameters | {rope_theta: 1} | above 1",
                "llama-tiny | layer_types | ['sliding_attention'] | full_attention",
                "mistral-window | sliding_window | 0 | sliding_window=0 must be at least 1",
                "mistral-window | layer_types | ['full_attention'] | sliding_attention",
                "qwen3-f16 | head_dim | null | head_dim",
                "qwen2-tiny | num_key_value_heads | null | num_key_value_heads"
            })
    void whatLlamaAndItsRelativesAreNotComputedWithIsExplained(
            String name, String key, String value, String expected) throws Exception {
        copy(name);
        changeConfig(config -> config.add(key, new Gson().fromJson(value, JsonElement.class)));

        assertMalformed("config.json", expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vocab_size", "n_positions", "n_embd", "n_head", "n_layer"})
    void aMissingSizeIsNamed(String key) throws Exception {
        changeConfig(config -> config.remove(key));

        assertMalformed("config.json", key, "missing");
    }

    @ParameterizedTest
    @CsvSource({
        "vocab_size, 66",
        "vocab_size, 2147483647",
        "n_positions, 8",
        "n_positions, 2147483647",
        "n_layer, 3",
        "n_layer, 1",
        "n_layer, 2147483647",
        "n_embd, 64",
        "n_embd, 536870908"
    })
    void sizesThatContradictTheWeightsAreRefused(String key, int value) throws Exception {
        changeConfig(config -> config.addProperty(key, value));

        assertMalformed("model.safetensors", "config.json");
    }

    @Test
    void anOutputLayerThatIsSaidToBeSeparateMustBeThere() throws Exception {
        changeConfig(config -> config.addProperty("tie_word_embeddings", false));

        assertMalformed("model.safetensors", "lm_head.weight", "missing");
    }

    @Test
    void textThatIsNotUtf8IsRefused() throws Exception {
        Files.write(folder.resolve("config.json"), new byte[] {'{', (byte) 0xff, '}'});

        assertMalformed("config.json", "UTF-8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "   ", "null", "[]", "7", "\"gpt2\"", "{\"n_layer\": ", "{]}"})
    void textThatIsNoJsonObjectIsRefused(String text) throws Exception {
        Files.writeString(folder.resolve("config.json"), text);

        assertMalformed("config.json");
    }

    private void assertMalformed(String... parts) {
        assertRefusedToLoad(MalformedModelException.class, parts);
    }

    private void assertRefusedToLoad(Class<? extends Exception> type, String... parts) {
        try (NDManager loading = ComputeDevice.newManager()) {
            assertRefused(type, () -> ModelDirectory.load(folder, loading), parts);
            assertRefused(type, () -> ModelDirectory.load(folder, loading), folder.toString());
            assertEquals(0, loading.getManagedArrays().size(), "arrays left behind");
        }
    }

    private void changeConfig(Consumer<JsonObject> change) throws IOException {
        Path file = folder.resolve("config.json");
        JsonObject config = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        change.accept(config);
        Files.writeString(file, config.toString());
    }

    private void changeTensors(Consumer<Map<String, NDArray>> change) throws Exception {
        Path file = folder.resolve("model.safetensors");
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        try (SafeTensors stored = SafeTensors.open(file)) {
            for (String name : stored.names()) {
                tensors.put(name, stored.read(manager, name));
            }
        }
        Map<String, NDArray> before = Map.copyOf(tensors);
        change.accept(tensors);
        assertNotEquals(before, tensors, "the change has no effect");
        SafeTensors.write(file, tensors);
    }
}
