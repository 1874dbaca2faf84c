package org.djlgpt.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The folder that a training leaves: the model, its metrics and its loss curve.
 *
 * @param path the folder
 */
record RunDirectory(Path path) {

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

    Path metrics() {
        return path.resolve("metrics.jsonl");
    }

    Path curve() {
        return path.resolve("loss.png");
    }
}
