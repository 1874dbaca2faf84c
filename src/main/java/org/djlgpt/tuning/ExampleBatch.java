package org.djlgpt.tuning;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.CrossEntropy;

import java.util.Arrays;

/** The arrays of a batch (B, T), into which examples are put; the rest is padding. */
final class ExampleBatch {

    private final int tokens;
    private final Shape shape;
    private final long[] ids;
    private final long[] targets;
    private final long[] positions; // a token of padding is a sequence of its own

    ExampleBatch(int rows, int tokens, int paddingId) {
        this.tokens = tokens;
        shape = new Shape(rows, tokens);
        ids = new long[Math.multiplyExact(rows, tokens)];
        targets = new long[ids.length];
        positions = new long[ids.length];
        Arrays.fill(ids, paddingId);
        Arrays.fill(targets, CrossEntropy.IGNORED);
    }

    /** Puts an example into a row from a column on, and returns the column behind it. */
    int put(Example example, int row, int column) {
        int[] text = example.ids();
        int at = row * tokens + column;
        for (int i = 0; i + 1 < text.length; i++) {
            ids[at + i] = text[i];
            targets[at + i] = example.isLearned(i + 1) ? text[i + 1] : CrossEntropy.IGNORED;
            positions[at + i] = i;
        }
        return column + text.length - 1;
    }

    /** Returns ids and targets, for rows of one example each. */
    NDList arrays(NDManager manager) {
        return new NDList(manager.create(ids, shape), manager.create(targets, shape));
    }

    /** Returns ids and targets (B, 2, T), where each two rows belong together. */
    NDList pairedArrays(NDManager manager) {
        Shape pairs = new Shape(shape.get(0) / 2, 2, tokens);
        return new NDList(manager.create(ids, pairs), manager.create(targets, pairs));
    }

    /** Returns ids, targets and positions. */
    NDList packedArrays(NDManager manager) {
        NDList arrays = arrays(manager);
        arrays.add(manager.create(positions, shape));
        return arrays;
    }
}
