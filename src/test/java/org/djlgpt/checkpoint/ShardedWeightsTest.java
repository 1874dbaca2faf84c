package org.djlgpt.checkpoint;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.model.GptModel;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Weights in several files, which must be what their index says. */
class ShardedWeightsTest {

    private static final String INDEX = "model.safetensors.index.json";
    private static final String FIRST = "model-00001-of-00003.safetensors";
    private static final String LAST = "model-00003-of-00003.safetensors";
    private static final String IN_FIRST = "transformer.h.0.ln_1.bias";

    @TempDir private Path folder;
    private NDManager manager;

    @BeforeEach
    void copyAGoodFolder() throws Exception {
        manager = ComputeDevice.newManager();
        Path good = Path.of(getClass().getResource("huggingface-sharded-bf16").toURI());
        for (String name : files(good)) {
            Files.copy(good.resolve(name), folder.resolve(name));
        }
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void aSingleFileGoesBeforeAnIndex() throws Exception {
        Path single = folder.resolve("model.safetensors");
        Files.writeString(single, "no safetensors file");

        assertRefusedToLoad(MalformedModelException.class, single.toString());
    }

    @Test
    void savingReplacesAllShards() throws Exception {
        GptModel model = ModelDirectory.load(folder, manager);

        ModelDirectory.save(model, folder);

        assertEquals(
                Set.of(
                        "config.json",
                        "expected.json",
                        "generation_config.json",
                        "gradients.safetensors",
                        "model.safetensors"),
                files(folder));
        assertEquals(model.config(), ModelDirectory.load(folder, manager).config());
    }

    @Test
    void aMissingShardIsNamedWithItsIndex() throws IOException {
        Files.delete(folder.resolve(LAST));

        assertRefusedToLoad(
                NoSuchFileException.class, folder.resolve(LAST).toString(), "missing", INDEX);
    }

    @Test
    void aDamagedShardIsNamed() throws IOException {
        Files.writeString(folder.resolve(LAST), "0123456789");

        assertMalformed(folder.resolve(LAST).toString());
    }

    @Test
    void aTensorInAnotherShardThanTheIndexSaysIsNamed() throws IOException {
        changeWeightMap(map -> map.addProperty(IN_FIRST, LAST));

        assertMalformed(INDEX, IN_FIRST, "lies in " + FIRST, "says " + LAST);
    }

    @Test
    void aTensorThatLiesInTwoShardsIsNamed() throws IOException {
        Files.copy(folder.resolve(FIRST), folder.resolve("copy.safetensors"));
        changeWeightMap(map -> map.addProperty(IN_FIRST, "copy.safetensors"));

        assertMalformed(INDEX, "lies in", FIRST, "copy.safetensors");
    }

    @Test
    void aTensorThatTheIndexDoesNotListIsNamed() throws IOException {
        changeWeightMap(map -> map.remove(IN_FIRST));

        assertMalformed(INDEX, IN_FIRST, "lies in " + FIRST, "does not list it");
    }

    @Test
    void aTensorThatNoShardHoldsIsNamed() throws IOException {
        changeWeightMap(map -> map.addProperty("transformer.h.9.ln_1.bias", FIRST));

        assertMalformed(INDEX, "transformer.h.9.ln_1.bias", "is missing in " + FIRST);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../model.safetensors",
                "..",
                "/tmp/model.safetensors",
                "deeper/model.safetensors",
                "deeper\\model.safetensors",
                "C:model.safetensors",
                "nul\u0000.safetensors",
                "model.bin",
                ".safetensors",
                ""
            })
    void aShardOutsideOfTheFolderIsNotRead(String shard) throws IOException {
        changeWeightMap(map -> map.addProperty(IN_FIRST, shard));

        assertMalformed(INDEX, IN_FIRST, "'" + shard + "'", "lie in its folder");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{}",
                "{\"weight_map\": null}",
                "{\"weight_map\": []}",
                "{\"weight_map\": {\"a\": 1}}",
                "{\"weight_map\": {\"a\": \"a.safetensors\"",
                "{\"weight_map\": {\"\\u12\": \"a.safetensors\"}}",
                "{\"weight_map\": {}, \"weight_map\": {}}",
                "{\"weight_map\": {\"a\": \"a.safetensors\", \"\\u0061\": \"a.safetensors\"}}",
                "{\"weight_map\": {}} x"
            })
    void anIndexThatIsNoneIsRefused(String text) throws IOException {
        Files.writeString(folder.resolve(INDEX), text);

        assertMalformed(folder.resolve(INDEX).toString());
    }

    @Test
    void anIndexThatIsNoTextIsRefused() throws IOException {
        Files.write(folder.resolve(INDEX), new byte[] {'{', (byte) 0xff, '}'});
        assertMalformed(INDEX, "UTF-8");
        Files.write(folder.resolve(INDEX), new byte[10_000_001]);
        assertMalformed(INDEX, "10000001 bytes, the limit is 10000000");
    }

    private void assertMalformed(String... parts) {
        assertRefusedToLoad(MalformedModelException.class, parts);
    }

    private void assertRefusedToLoad(Class<? extends Exception> type, String... parts) {
        int before = manager.getManagedArrays().size();
        assertRefused(type, () -> ModelDirectory.load(folder, manager), parts);
        assertEquals(before, manager.getManagedArrays().size(), "arrays left behind");
    }

    private void changeWeightMap(Consumer<JsonObject> change) throws IOException {
        Path file = folder.resolve(INDEX);
        JsonObject index = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        change.accept(index.getAsJsonObject("weight_map"));
        Files.writeString(file, index.toString());
    }

    private static Set<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
