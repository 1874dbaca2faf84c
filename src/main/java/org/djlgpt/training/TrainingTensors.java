package org.djlgpt.training;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.nn.AdamMoments;
import org.djlgpt.nn.FusedAdamW;
import org.djlgpt.torch.Recording;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The tensors that a training changes, by the names that they have in a checkpoint: the model's
 * parameters and, of those that are trained, the moments.
 */
final class TrainingTensors {

    private static final String PARAMETER = "parameter.";
    private static final String MEAN = "mean.";
    private static final String SQUARE = "square.";

    private final Block model;
    private final FusedAdamW optimizer;

    TrainingTensors(Block model, FusedAdamW optimizer) {
        this.model = model;
        this.optimizer = optimizer;
    }

    /** Returns the tensors themselves, not copies. */
    Map<String, NDArray> byName() {
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        for (Pair<String, Parameter> named : model.getParameters()) {
            Parameter parameter = named.getValue();
            tensors.put(PARAMETER + named.getKey(), parameter.getArray());
            if (parameter.requiresGradient()) {
                AdamMoments moments = optimizer.moments(parameter);
                tensors.put(MEAN + named.getKey(), moments.mean());
                tensors.put(SQUARE + named.getKey(), moments.square());
            }
        }
        return tensors;
    }

    /**
     * Takes over the values in a checkpoint, one parameter after the other. If it has other tensors
     * than the training, nothing is changed.
     *
     * @param updates the updates that the moments come from
     * @throws MalformedModelException if a value is infinite or NaN
     */
    void restore(SafeTensors file, int updates, NDManager manager)
            throws IOException, MalformedModelException {
        requireSameTensors(file);
        for (Pair<String, Parameter> named : model.getParameters()) {
            Parameter parameter = named.getValue();
            try (Recording off = Recording.off();
                    NDManager reading = manager.newSubManager();
                    NDScope scope = new NDScope()) {
                NDArray value = file.readFinite(reading, PARAMETER + named.getKey());
                parameter.getArray().set(new NDIndex("..."), value);
                if (parameter.requiresGradient()) {
                    optimizer
                            .moments(parameter)
                            .restore(
                                    file.readFinite(reading, MEAN + named.getKey()),
                                    file.readFinite(reading, SQUARE + named.getKey()),
                                    updates);
                }
            }
        }
    }

    private void requireSameTensors(SafeTensors file) {
        Map<String, NDArray> expected = byName();
        for (String name : file.names()) {
            if (!expected.containsKey(name)) {
                throw new IllegalArgumentException(
                        "the checkpoint has %s, which the model lacks; take the model that wrote it"
                                .formatted(name));
            }
        }
        expected.forEach((name, tensor) -> requireSame(file, name, tensor));
    }

    private static void requireSame(SafeTensors file, String name, NDArray tensor) {
        if (!file.names().contains(name)) {
            throw new IllegalArgumentException(
                    "the model has %s, which the checkpoint lacks; take the model that wrote it"
                            .formatted(name));
        }
        boolean isOtherType =
                tensor.getDataType() == DataType.FLOAT32 && !file.dtype(name).equals("F32");
        if (isOtherType || !file.shape(name).equals(tensor.getShape())) {
            throw new IllegalArgumentException(
                    "%s is %s %s in the checkpoint, but %s %s in the model; take the model that wrote it"
                            .formatted(
                                    name,
                                    file.dtype(name),
                                    file.shape(name),
                                    tensor.getDataType(),
                                    tensor.getShape()));
        }
    }
}
