package org.djlgpt.plot;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The weights of every head of every layer, copied out of the engine's memory.
 *
 * @param layers matrices of one size, by layer and head; every layer has as many heads
 */
record AttentionWeights(List<List<WeightMatrix>> layers) {

    AttentionWeights {
        if (layers.isEmpty() || layers.get(0).isEmpty() || layers.get(0).get(0).size() == 0) {
            throw new IllegalArgumentException(
                    "there are no weights; give those of at least one layer, head and token");
        }
        for (List<WeightMatrix> heads : layers) {
            if (heads.size() != layers.get(0).size()
                    || heads.get(0).size() != layers.get(0).get(0).size()) {
                throw new IllegalArgumentException(
                        "the layers have %d heads of %d tokens and %d heads of %d; draw layers of one model and text"
                                .formatted(
                                        layers.get(0).size(),
                                        layers.get(0).get(0).size(),
                                        heads.size(),
                                        heads.get(0).size()));
            }
        }
    }

    /** Copies (T, T), (heads, T, T) or (1, heads, T, T) for each layer. */
    static AttentionWeights of(List<NDArray> layers) {
        return new AttentionWeights(layers.stream().map(AttentionWeights::heads).toList());
    }

    /** Copies the weights of one head. */
    static AttentionWeights of(float[][] rows) {
        float[] values = new float[rows.length * rows.length];
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].length != rows.length) {
                throw new IllegalArgumentException(
                        "row %d has %d weights; give %d, one for each row"
                                .formatted(i, rows[i].length, rows.length));
            }
            System.arraycopy(rows[i], 0, values, i * rows.length, rows.length);
        }
        return new AttentionWeights(List.of(List.of(new WeightMatrix(rows.length, values))));
    }

    private static List<WeightMatrix> heads(NDArray weights) {
        int size = size(weights.getShape());
        float[] values = floats(weights);
        List<WeightMatrix> heads = new ArrayList<>();
        for (int from = 0; from < values.length; from += size * size) {
            heads.add(new WeightMatrix(size, Arrays.copyOfRange(values, from, from + size * size)));
        }
        return heads;
    }

    private static int size(Shape shape) {
        int rank = shape.dimension();
        boolean isSquare = rank >= 2 && rank <= 4 && shape.get(rank - 1) == shape.get(rank - 2);
        if (!isSquare || rank == 4 && shape.get(0) != 1) {
            throw new IllegalArgumentException(
                    "weights %s must be (T, T), (heads, T, T) or (1, heads, T, T); of a batch, take one sequence"
                            .formatted(shape));
        }
        return (int) shape.get(rank - 1);
    }

    private static float[] floats(NDArray weights) {
        if (weights.getDataType() == DataType.FLOAT32) {
            return weights.toFloatArray();
        }
        try (NDArray floats = weights.toType(DataType.FLOAT32, false)) {
            return floats.toFloatArray();
        }
    }

    /** Returns the weights of one head in every layer. */
    AttentionWeights head(int head) {
        if (head < 0 || head >= heads()) {
            throw new IllegalArgumentException(
                    "head=%d must be from 0 to %d".formatted(head, heads() - 1));
        }
        return new AttentionWeights(
                layers.stream().map(heads -> List.of(heads.get(head))).toList());
    }

    WeightMatrix matrix(int layer, int head) {
        return layers.get(layer).get(head);
    }

    int heads() {
        return layers.get(0).size();
    }

    /** Returns the number of tokens T. */
    int tokens() {
        return matrix(0, 0).size();
    }

    float largest() {
        float largest = 0;
        for (List<WeightMatrix> heads : layers) {
            for (WeightMatrix head : heads) {
                largest = Math.max(largest, head.largest());
            }
        }
        return largest;
    }

    /** Refuses tokens that are not as many as the weights are for. */
    void requireTokens(List<String> tokens) {
        if (tokens.size() != tokens()) {
            throw new IllegalArgumentException(
                    "%d tokens but weights for %d; give one text for each token"
                            .formatted(tokens.size(), tokens()));
        }
    }
}
