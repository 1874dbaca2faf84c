package org.djlgpt.plot;

/**
 * The attention weights of one head: row i holds what token i looks at.
 *
 * @param size the number of tokens T
 * @param values T * T finite numbers of at least 0, row by row
 */
record WeightMatrix(int size, float[] values) {

    WeightMatrix {
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

    /** Returns a matrix with the largest weight of each block of rows and columns. */
    WeightMatrix pooled(int block) {
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
        return new WeightMatrix(blocks, largest);
    }
}
