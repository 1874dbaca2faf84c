package org.djlgpt.training;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.torch.ComputeDevice;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Checkpoints without a training. */
final class Checkpoints {

    private Checkpoints() {}

    /** Returns the checkpoint of a run of a hundred steps and more. */
    static Checkpoint at(int step) throws IOException, MalformedModelException {
        TrainingState state = new TrainingState(step, 0, 1.5, 0, 0, 0, 0, 0);
        TrainingPlan plan = TrainingPlan.builder().build();
        Path file = Files.createTempFile("checkpoint", ".safetensors");
        try (NDManager manager = ComputeDevice.newManager()) {
            Map<String, NDArray> tensors = Map.of("parameter.x", manager.zeros(new Shape(1)));
            Map<String, String> texts =
                    new CheckpointHeader(state, plan, "", "", "", Map.of()).texts();
            SafeTensors.write(file, tensors, texts);
            return Checkpoint.read(file);
        } finally {
            Files.delete(file);
        }
    }
}
