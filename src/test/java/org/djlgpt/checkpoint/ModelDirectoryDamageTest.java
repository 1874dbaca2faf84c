package org.djlgpt.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.model.GptModel;
import org.djlgpt.testing.Damage;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;

/** A damaged file of a model folder is refused, or the folder is that of another model. */
class ModelDirectoryDamageTest {

    private static final int MUTANTS = 300;

    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "config.json",
                "model.safetensors.index.json",
                "model-00002-of-00003.safetensors"
            })
    void survivesDamage(String name) throws Exception {
        copyGoodFolder();
        Path file = folder.resolve(name);
        byte[] valid = Files.readAllBytes(file);
        Random random = new Random(1);
        int refused = 0;
        for (int i = 0; i < MUTANTS; i++) {
            Files.delete(file); // some file systems sync one that is truncated and written again
            Files.write(file, Damage.to(valid, random));
            refused += isRefused() ? 1 : 0;
        }
        assertTrue(refused > MUTANTS / 10 && refused < MUTANTS, refused + " refused");
    }

    private void copyGoodFolder() throws Exception {
        Path good = Path.of(getClass().getResource("huggingface-sharded-bf16").toURI());
        try (Stream<Path> files = Files.list(good)) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
    }

    private boolean isRefused() throws IOException {
        try (NDManager manager = ComputeDevice.newManager()) {
            try {
                GptModel model = ModelDirectory.load(folder, manager);
                assertEquals(model.getParameters().size(), manager.getManagedArrays().size());
                return false;
            } catch (MalformedModelException | NoSuchFileException e) {
                assertTrue(e.getMessage().startsWith(folder.toString()), e.getMessage());
                assertEquals(0, manager.getManagedArrays().size(), "arrays left behind");
                return true;
            }
        }
    }
}
