package org.djlgpt.plot;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.IllegalParameterException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The weights of every head of every layer, copied out of the engine's memory.
 *
 * @param layers heads of one size by layer, as many in every layer
 */
record AttentionWeights(List<List<Head>> layers) {

    /**
     * The weights of one head: row i holds what token i looks at.
     *
     * @param size the number of tokens T
     * @param values T * T finite numbers of at least 0, row by row
     */
    record Head(int size, float[] values) {

        Head {
            for (int i = 0; i < values.length; i++) {
                if (!(values[i] >= 0 && values[i] < Float.POSITIVE_INFINITY)) {
                    throw new IllegalArgumentException(
                            "the weight %s in row %d, column %d must be finite and at least 0; give what softmax returns"
                                    .formatted(values[i], i / size, i % size));
                }
            }
        }

        float at(int row, int column) {
            return values[row * size + column];
        }

        float largest() {
            float largest = 0;
            for (float value : values) {
                largest = Math.max(largest, value);
            }
            return largest;
        }

        /** Returns the head with the largest weight of each block of rows and columns. */
        Head pooled(int block) {
            if (block == 1) {
                return this;
            }
            int blocks = (size + block - 1) / block;
            float[] largest = new float[blocks * blocks];
            for (int row = 0; row < size; row++) {
                for (int column = 0; column < size; column++) {
                    int target = row / block * blocks + column / block;
                    largest[target] = Math.max(largest[target], at(row, column));
                }
            }
            return new Head(blocks, largest);
        }
    }

    AttentionWeights {
        if (layers.isEmpty() || layers.get(0).isEmpty() || layers.get(0).get(0).size() == 0) {
            throw new IllegalArgumentException(
                    "there are no weights; give those of at least one layer, head and token");
        }
        for (List<Head> heads : layers) {
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
        return new AttentionWeights(List.of(List.of(new Head(rows.length, values))));
    }

    private static List<Head> heads(NDArray weights) {
        int size = size(weights.getShape());
        float[] values = floats(weights);
        List<Head> heads = new ArrayList<>();
        for (int from = 0; from < values.length; from += size * size) {
            heads.add(new Head(size, Arrays.copyOfRange(values, from, from + size * size)));
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
            throw new IllegalParameterException(
                    "{head}=%d must be from 0 to %d", head, heads() - 1);
        }
        return new AttentionWeights(
                layers.stream().map(heads -> List.of(heads.get(head))).toList());
    }

    Head head(int layer, int head) {
        return layers.get(layer).get(head);
    }

    int heads() {
        return layers.get(0).size();
    }

    /** Returns the number of tokens T. */
    int tokens() {
        return head(0, 0).size();
    }

    double largest() {
        return layers.stream().flatMap(List::stream).mapToDouble(Head::largest).max().orElseThrow();
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
