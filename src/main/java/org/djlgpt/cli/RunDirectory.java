package org.djlgpt.cli;

import ai.djl.MalformedModelException;

import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.CheckpointLock;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The folder that a training leaves: the model, its metrics, its loss curve and a checkpoint to go
 * on from.
 *
 * @param path the folder
 */
record RunDirectory(Path path) {

    private static final String CHECKPOINT = "checkpoint.safetensors";
    private static final String METRICS = "metrics.jsonl";
    private static final String CURVE = "loss.png";

    /**
     * Refuses a folder that another training writes to.
     *
     * @throws IllegalArgumentException if there is one
     */
    void requireFree() throws IOException {
        CheckpointLock.requireFree(checkpoint());
    }

    /**
     * Creates the folder and makes sure that it takes files, before hours of training.
     *
     * @throws IllegalArgumentException if it can't be created or written
     */
    void create() {
        try {
            Files.createDirectories(path);
            Files.delete(Files.createTempFile(path, ".write", ".tmp"));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "--out %s can't be written (%s); name a folder that you may write to"
                            .formatted(path, e),
                    e);
        }
    }

    /** Deletes what an earlier run has left, except its model, which is replaced whole. */
    void clear() throws IOException {
        for (String file : List.of(CHECKPOINT, METRICS, CURVE)) {
            Files.deleteIfExists(path.resolve(file));
        }
    }

    /**
     * Reads the checkpoint.
     *
     * @throws IllegalArgumentException if there is none
     */
    Checkpoint readCheckpoint() throws IOException, MalformedModelException {
        if (!Files.isRegularFile(checkpoint())) {
            throw new IllegalArgumentException(
                    "--resume %s has no %s; name the folder of a run that has saved one"
                            .formatted(path, CHECKPOINT));
        }
        return Checkpoint.read(checkpoint());
    }

    Path checkpoint() {
        return path.resolve(CHECKPOINT);
    }

    Path metrics() {
        return path.resolve(METRICS);
    }

    Path curve() {
        return path.resolve(CURVE);
    }
}
