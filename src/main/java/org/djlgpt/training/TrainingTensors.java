package org.djlgpt.training;

import static java.nio.charset.StandardCharsets.UTF_8;

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
import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.Recording;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors that a training changes, by the names that they have in a checkpoint: the parameters
 * that are trained, and their moments.
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
        for (Pair<String, Parameter> named : parameters(true)) {
            AdamMoments moments = optimizer.moments(named.getValue());
            tensors.put(PARAMETER + named.getKey(), named.getValue().getArray());
            tensors.put(MEAN + named.getKey(), moments.mean());
            tensors.put(SQUARE + named.getKey(), moments.square());
        }
        return tensors;
    }

    private List<Pair<String, Parameter>> parameters(boolean trained) {
        return model.getParameters().stream()
                .filter(named -> named.getValue().requiresGradient() == trained)
                .toList();
    }

    /** Returns a sum over the parameters that are not trained; empty if there is none. */
    String frozenSha256() {
        List<Pair<String, Parameter>> frozen = parameters(false);
        if (frozen.isEmpty()) {
            return "";
        }
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        for (Pair<String, Parameter> named : frozen) {
            try (Recording off = Recording.off();
                    NDScope scope = new NDScope()) {
                NDArray value = BFloat16.widen(named.getValue().getArray());
                digest.update((named.getKey() + value.getShape()).getBytes(UTF_8));
                digest.update(value.toByteBuffer());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
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
        for (Pair<String, Parameter> named : parameters(true)) {
            Parameter parameter = named.getValue();
            try (Recording off = Recording.off();
                    NDManager reading = manager.newSubManager();
                    NDScope scope = new NDScope()) {
                NDArray value = file.readFinite(reading, PARAMETER + named.getKey());
                parameter.getArray().set(new NDIndex("..."), value);
                optimizer
                        .moments(parameter)
                        .restore(
                                file.readFinite(reading, MEAN + named.getKey()),
                                file.readFinite(reading, SQUARE + named.getKey()),
                                updates);
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
