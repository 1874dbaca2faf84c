package org.djlgpt.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The folder that a training leaves: the model, its metrics and its loss curve.
 *
 * @param path the folder
 */
record RunDirectory(Path path) {

    /** Weights first: without them nothing takes the rest for a model. */
    private static final List<String> MODEL_FILES =
            List.of(
                    "model.safetensors",
                    "config.json",
                    "char_tokenizer.json",
                    "vocab.json",
                    "merges.txt");

    /**
     * Creates the folder and makes sure that it takes files, before hours of training.
     *
     * @throws IllegalArgumentException if it can't be created or written
     */
    static RunDirectory create(Path path) {
        try {
            Files.createDirectories(path);
            Files.delete(Files.createTempFile(path, ".write", ".tmp"));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "--out %s can't be written (%s); name a folder that you may write to"
                            .formatted(path, e),
                    e);
        }
        return new RunDirectory(path);
    }

    /** Deletes the model of an earlier run, whichever tokenizer it had. */
    void removeModel() throws IOException {
        for (String file : MODEL_FILES) {
            Files.deleteIfExists(path.resolve(file));
        }
    }

    Path metrics() {
        return path.resolve("metrics.jsonl");
    }

    Path curve() {
        return path.resolve("loss.png");
    }
}
