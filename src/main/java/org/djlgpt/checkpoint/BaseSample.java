package org.djlgpt.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.nn.Parameter;

import org.djlgpt.model.GptModel;
import org.djlgpt.model.TransformerBlock;
import org.djlgpt.torch.BFloat16;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A few weights of a model, by which an adapter knows its base from others of the same sizes. They
 * lie in the metadata of the adapter's weights, where PEFT overlooks them.
 *
 * @param values of every matrix in a block a few, evenly spread
 */
record BaseSample(List<Float> values) {

    static final String KEY = "base_sample";

    private static final int OF_A_MATRIX = 4;

    /** Of the mean size of a weight; bfloat16 changes a seventh of it. */
    private static final double MOST_CHANGED = 0.01;

    /** Takes them from a model, in whatever precision it keeps them, adapted or not. */
    static BaseSample of(GptModel model) {
        Set<Parameter> inBlocks = Collections.newSetFromMap(new IdentityHashMap<>());
        for (TransformerBlock block : model.blocks()) {
            inBlocks.addAll(block.getParameters().values());
        }
        List<Float> values = new ArrayList<>();
        NDManager owner = model.tokenEmbedding().weight().getArray().getManager();
        for (CheckpointTensor tensor : ModelFormat.of(model.config()).tensors(model)) {
            for (Parameter part : tensor.parts()) {
                if (inBlocks.contains(part) && part.getShape().dimension() == 2) {
                    add(part.getArray(), values, owner);
                }
            }
        }
        return new BaseSample(values);
    }

    private static void add(NDArray matrix, List<Float> values, NDManager owner) {
        try (NDManager reading = owner.newSubManager();
                NDScope scope = new NDScope()) {
            NDArray wide = BFloat16.is(matrix) ? BFloat16.toFloat32(matrix) : matrix;
            long[] places = new long[OF_A_MATRIX];
            for (int i = 0; i < places.length; i++) {
                places[i] = i * (matrix.size() - 1) / (OF_A_MATRIX - 1);
            }
            for (float value : wide.flatten().get(reading.create(places)).toFloatArray()) {
                values.add(value);
            }
        }
    }

    /** Reads those that an adapter has; empty if there are none, as in PEFT's. */
    static Optional<BaseSample> read(String stored) {
        if (stored == null) {
            return Optional.empty();
        }
        return Optional.of(
                new BaseSample(Stream.of(stored.split(" ")).map(Float::valueOf).toList()));
    }

    /** Returns what {@link #read} reads. */
    String text() {
        return values.stream().map(String::valueOf).collect(Collectors.joining(" "));
    }

    /** Returns whether two are of one model, which one of them may have in fewer bits. */
    boolean isSame(BaseSample other) {
        if (values.size() != other.values.size()) {
            return false;
        }
        double size = 0;
        double change = 0;
        for (int i = 0; i < values.size(); i++) {
            size += Math.abs(values.get(i));
            change += Math.abs(values.get(i) - other.values.get(i));
        }
        return change <= MOST_CHANGED * size;
    }
}
