package org.djlgpt.checkpoint;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.tuning.ChatTemplate;
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
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/** Models that come out of a folder as they went in. */
class ModelDirectoryTest {

    @TempDir private Path folder;
    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest(name = "tied {0}, qkv bias {1}")
    @CsvSource({"true, true", "true, false", "false, true", "false, false"})
    void aModelComesBackAsItWas(boolean tied, boolean qkvBias) throws Exception {
        GptModel original = randomModel(tied, qkvBias);
        NDArray tokens = new RandomArrays(manager, 2).ids(7, 2, 5);

        ModelDirectory.save(original, folder.resolve("new/folder"));

        GptModel model = ModelDirectory.load(folder.resolve("new/folder"), manager);
        assertEquals(original.config(), ModelDirectory.config(folder.resolve("new/folder")));
        assertEquals(original.config(), model.config());
        assertEquals(original.parameterCount(), model.parameterCount());
        assertSameParameters(original, model);
        assertArrayEquals(
                infer(original, tokens).toFloatArray(), infer(model, tokens).toFloatArray(), 1e-6f);
    }

    @Test
    void anotherDropoutRescuesAFolderWhoseOwnIsOutOfRange() throws Exception {
        ModelDirectory.save(randomModel(true, true), folder);
        Path config = folder.resolve("config.json");
        String text = Files.readString(config);
        Files.writeString(config, text.replaceAll("(_pdrop\": )[0-9.]+", "$11.0"));

        assertThrows(MalformedModelException.class, () -> ModelDirectory.load(folder, manager));
        assertEquals(0.1f, ModelDirectory.load(folder, 0.1f, manager).config().attentionDropout());
    }

    @Test
    void aSavedModelReplacesTheOneBefore() throws Exception {
        ModelDirectory.save(randomModel(true, true), folder);
        GptModel original = randomModel(false, false);

        ModelDirectory.save(original, folder);

        GptModel model = ModelDirectory.load(folder, manager);
        assertEquals(original.config(), model.config());
        assertSameParameters(original, model);
    }

    @Test
    void transformersIsToldWhereATextEnds() throws Exception {
        ModelDirectory.save(randomModel(true, true), new Words(7, OptionalInt.of(6)), folder);
        for (String file : List.of("config.json", "generation_config.json")) {
            assertEquals("6", json(file).get("bos_token_id").toString());
            assertEquals("6", json(file).get("eos_token_id").toString());
        }
        assertEquals("6", json("generation_config.json").get("pad_token_id").toString());

        ModelDirectory.save(randomModel(true, true), new Words(5, OptionalInt.empty()), folder);
        for (String file : List.of("config.json", "generation_config.json")) {
            assertEquals("null", json(file).get("bos_token_id").toString());
            assertEquals("null", json(file).get("eos_token_id").toString());
        }
    }

    private JsonObject json(String file) throws IOException {
        return JsonParser.parseString(Files.readString(folder.resolve(file))).getAsJsonObject();
    }

    @Test
    void aVocabularyReplacesAnyOther() throws Exception {
        Files.writeString(folder.resolve("merges.txt"), "other");
        Files.writeString(folder.resolve("tokenizer_config.json"), "other");
        Files.writeString(folder.resolve("metrics.jsonl"), "no vocabulary");

        ModelDirectory.save(randomModel(true, true), new Words(7, OptionalInt.of(6)), folder);

        assertEquals("7 words", Files.readString(folder.resolve("vocab.json")));
        assertFalse(Files.exists(folder.resolve("merges.txt")));
        assertFalse(Files.exists(folder.resolve("tokenizer_config.json")));
        assertTrue(Files.exists(folder.resolve("metrics.jsonl")));
    }

    @Test
    void aVocabularyThatCantBeSavedLeavesTheOldModel() throws Exception {
        GptModel original = randomModel(true, true);
        ModelDirectory.save(original, folder);

        assertRefused(
                IOException.class,
                () -> ModelDirectory.save(randomModel(false, false), new Words(7, null), folder),
                folder.toString(),
                "No space left");

        assertSameParameters(original, ModelDirectory.load(folder, manager));
    }

    @Test
    void aChatTemplateThatCantBeSavedLeavesTheOldModel() throws Exception {
        GptModel original = randomModel(true, true);
        ModelDirectory.save(original, folder);
        ChatTemplate code = (messages, addGenerationPrompt) -> "";

        assertRefused(
                UnsupportedOperationException.class,
                () ->
                        ModelDirectory.save(
                                randomModel(false, false),
                                new Words(7, OptionalInt.of(6)),
                                code,
                                folder),
                "template");

        assertSameParameters(original, ModelDirectory.load(folder, manager));
        assertFalse(Files.exists(folder.resolve("vocab.json")));
    }

    /** As transformers writes several: a list. */
    @Test
    void theTokenThatEndsATurnEndsATextToo() throws Exception {
        Path talking = folder.resolve("talking");
        Tokenizer tokenizer =
                Tokenizer.load(Path.of("src/test/resources/org/djlgpt/text/byte-level"))
                        .withSpecialTokens(List.of("<|eot_id|>"));
        int endOfText = tokenizer.endOfText().orElseThrow();
        int endOfTurn = tokenizer.encodeWithSpecialTokens("<|eot_id|>")[0];
        GptModel model = TinyGpt.model(TinyGpt.size(tokenizer.vocabSize(), 4).build(), 1, manager);

        ModelDirectory.save(model, tokenizer, ChatTemplate.llama3(), talking);
        ModelDirectory.save(
                randomModel(true, true),
                new Words(7, OptionalInt.of(2)),
                ChatTemplate.alpaca(),
                folder);

        assertEquals(Set.of(endOfText, endOfTurn), ModelDirectory.stopTokens(talking));
        assertTrue(Files.exists(talking.resolve("chat_template.jinja")));
        assertEquals(Set.of(2), ModelDirectory.stopTokens(folder));
    }

    @Test
    void aVocabularyThatIsTooLargeIsRefused() {
        assertRefused(
                () ->
                        ModelDirectory.save(
                                randomModel(true, true), new Words(8, OptionalInt.of(7)), folder),
                "8 ids",
                "vocabSize=7");
    }

    /** Stands for a tokenizer; without a known end of text it can't be saved. */
    private record Words(int vocabSize, OptionalInt endOfText) implements Tokenizer {

        @Override
        public int[] encode(String text) {
            throw new UnsupportedOperationException("only saved");
        }

        @Override
        public byte[] decodeBytes(int... ids) {
            throw new UnsupportedOperationException("only saved");
        }

        @Override
        public OptionalInt endOfText() {
            return endOfText == null ? OptionalInt.empty() : endOfText;
        }

        @Override
        public void save(Path directory) throws IOException {
            if (endOfText == null) {
                throw new IOException("No space left");
            }
            Files.writeString(directory.resolve("vocab.json"), vocabSize + " words");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tensorNamesMayLackTheirPrefix(boolean tied) throws Exception {
        GptModel original = randomModel(tied, true);
        ModelDirectory.save(original, folder);
        rename("transformer.", "");

        assertSameParameters(original, ModelDirectory.load(folder, manager));
    }

    private void rename(String prefix, String replacement) throws Exception {
        Path file = folder.resolve("model.safetensors");
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        try (SafeTensors stored = SafeTensors.open(file)) {
            for (String name : stored.names()) {
                tensors.put(name.replace(prefix, replacement), stored.read(manager, name));
            }
        }
        assertFalse(tensors.keySet().stream().anyMatch(name -> name.startsWith(prefix)));
        SafeTensors.write(file, tensors);
    }

    @Test
    void aLoadedModelCanBeTrained() throws Exception {
        GptModel model = ModelDirectory.load(huggingFaceTiny(), manager);

        for (Parameter parameter : Blocks.parameters(model)) {
            assertTrue(parameter.getArray().hasGradient(), parameter.getName());
        }
    }

    @Test
    void loadingLeavesNothingButTheParameters() throws Exception {
        GptModel model = ModelDirectory.load(huggingFaceTiny(), manager);

        assertEquals(model.getParameters().size(), manager.getManagedArrays().size());
    }

    @Test
    void savingLeavesNothing() throws Exception {
        GptModel model = randomModel(true, false);
        int before = manager.getManagedArrays().size();

        ModelDirectory.save(model, folder);

        assertEquals(before, manager.getManagedArrays().size());
    }

    @Test
    void savingIntoAFileIsRefused() throws Exception {
        GptModel model = randomModel(true, true);
        ModelDirectory.save(model, folder);
        Path file = folder.resolve("config.json");

        IOException refusal =
                assertThrows(IOException.class, () -> ModelDirectory.save(model, file));
        assertTrue(refusal.getMessage().contains(file.toString()));
    }

    private GptModel randomModel(boolean tied, boolean qkvBias) {
        Gpt2Config config =
                Gpt2Config.builder()
                        .setVocabSize(7)
                        .setContextLength(5)
                        .setEmbeddingDim(6)
                        .setNumHeads(3)
                        .setNumLayers(2)
                        .optDropout(0.25f)
                        .optQkvBias(qkvBias)
                        .optTiedOutput(tied)
                        .build();
        GptModel model = new GptModel(config);
        initialized(model, manager, new Shape(1, 5));
        Blocks.randomize(model, new RandomArrays(manager, 1));
        return model;
    }

    private static void assertSameParameters(GptModel expected, GptModel actual) {
        assertEquals(expected.getParameters().keys(), actual.getParameters().keys());
        for (int i = 0; i < expected.getParameters().size(); i++) {
            NDArray value = Blocks.parameters(expected).get(i).getArray();
            NDArray loaded = Blocks.parameters(actual).get(i).getArray();
            assertEquals(value.getShape(), loaded.getShape());
            assertArrayEquals(value.toFloatArray(), loaded.toFloatArray());
        }
    }

    private static Path huggingFaceTiny() throws Exception {
        return Path.of(ModelDirectoryTest.class.getResource("huggingface-tiny").toURI());
    }
}
