package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.ComputeDevice;

import java.util.HashMap;
import java.util.Map;

/**
 * Where the tokens (B, T) of a pass stand in their sequences. Either each row is a sequence, or
 * part of one, or it is packed: several sequences lie side by side in it, each counts its positions
 * from 0, and none sees another (Krell et al., "Efficient Sequence Packing without
 * Cross-contamination", 2021, section 3.2).
 */
public sealed interface Positions {

    /**
     * Returns the positions of rows that are a sequence each.
     *
     * @param start how many tokens of the sequences came before, 0 for none
     * @return the positions from {@code start} on, the same in each row
     * @throws IllegalArgumentException if {@code start} is negative
     */
    static Positions from(int start) {
        if (start < 0) {
            throw new IllegalArgumentException(
                    "start=%d must be at least 0; positions count from 0".formatted(start));
        }
        return new InOrder(start);
    }

    /**
     * Returns the positions of rows that are packed.
     *
     * @param positions for each token its position (B, T), INT64: 0 where a sequence begins, and
     *     otherwise one more than that of the token before it. What is computed from them belongs
     *     to their manager
     * @return these positions
     * @throws IllegalArgumentException if they are not as described, naming the first that is not,
     *     unless they are on a GPU and {@link DeferredChecks} are open
     */
    static Positions packed(NDArray positions) {
        Checks.requireRank("positions", positions.getShape(), "(B, T)", 2, 2);
        if (!positions.getDevice().isGpu() || !DeferredChecks.isOpen()) {
            requireSequences(positions);
        }
        return new Packed(positions, new HashMap<>());
    }

    private static void requireSequences(NDArray positions) {
        int tokens = (int) positions.getShape().get(1);
        long[] values = ComputeDevice.read(positions);
        for (int i = 0; i < values.length; i++) {
            long next = i % tokens == 0 ? 0 : values[i - 1] + 1;
            if (values[i] != 0 && values[i] != next) {
                throw new IllegalArgumentException(
                        "position %d of token %d in row %d must be 0, where a sequence begins%s"
                                .formatted(
                                        values[i],
                                        i % tokens,
                                        i / tokens,
                                        next == 0 ? "" : ", or " + next + ", where it goes on"));
            }
        }
    }

    /**
     * Returns how far a table of positions must reach.
     *
     * @param tokens the number T of tokens in a row
     * @return a number that every position lies below
     */
    int end(long tokens);

    /**
     * Looks up what a table has for the position of each token.
     *
     * @param table one row for each position (C, E)
     * @param tokens the number T of tokens in a row
     * @return the rows, (T, E) if they are the same for all sequences, else (B, T, E)
     */
    NDArray lookUp(NDArray table, long tokens);

    /**
     * Returns what hides other sequences from a query, and the future, and what lies behind its
     * window.
     *
     * @param queries the queries (B, .., T, D)
     * @param window how many tokens a query sees, itself included
     * @return zero where a query (a row) sees a key and minus infinity elsewhere, (B, 1, T, T) of
     *     the queries' type; or null if there are no other sequences in a row, so that causal
     *     attention needs nothing more than the window. The positions keep it
     */
    NDArray mask(NDArray queries, int window);
}

/** Rows of one sequence. */
record InOrder(int start) implements Positions {

    @Override
    public int end(long tokens) {
        return (int) (start + tokens);
    }

    @Override
    public NDArray lookUp(NDArray table, long tokens) {
        boolean isWhole = start == 0 && tokens == table.getShape().get(0);
        return isWhole ? table : table.get("{}:{}", start, start + tokens); // (T, E)
    }

    @Override
    public NDArray mask(NDArray queries, int window) {
        return null;
    }
}

/** Rows of several sequences, and the masks that passes have asked for, one for all layers. */
record Packed(NDArray positions, Map<Packed.Kind, NDArray> masks) implements Positions {

    record Kind(int window, boolean isBFloat16) {}

    @Override
    public int end(long tokens) {
        return (int) tokens;
    }

    @Override
    public NDArray lookUp(NDArray table, long tokens) {
        requireRows(positions.getShape().get(0), tokens);
        return Functional.lookUp(positions, table); // (B, T, E)
    }

    @Override
    public NDArray mask(NDArray queries, int window) {
        Shape shape = queries.getShape();
        long tokens = shape.get(shape.dimension() - 2);
        requireRows(shape.get(0), tokens);
        Kind kind = new Kind((int) Math.min(window, tokens), BFloat16.is(queries));
        return masks.computeIfAbsent(kind, this::mask);
    }

    private void requireRows(long rows, long tokens) {
        Shape shape = positions.getShape();
        if (!shape.equals(new Shape(rows, tokens))) {
            throw new IllegalArgumentException(
                    "positions %s do not fit %d rows of %d tokens; give one for each token"
                            .formatted(shape, rows, tokens));
        }
    }

    /** A token at position p sees p tokens before itself at most, whatever its place in the row. */
    private NDArray mask(Kind kind) {
        NDManager manager = positions.getManager();
        try (NDScope scope = new NDScope()) {
            int tokens = (int) positions.getShape().get(1);
            NDArray place = manager.arange(0, tokens, 1, DataType.INT64, positions.getDevice());
            NDArray age = place.expandDims(1).sub(place); // (T, T)
            NDArray oldest = manager.full(new Shape(), kind.window - 1, DataType.INT64);
            NDArray seen = positions.minimum(oldest).expandDims(1).expandDims(3); // (B, 1, T, 1)
            NDArray hidden = age.lt(age.zerosLike()).logicalOr(age.gt(seen)); // (B, 1, T, T)
            NDArray never =
                    manager.full(hidden.getShape(), Float.NEGATIVE_INFINITY, DataType.FLOAT32);
            NDArray mask = NDArrays.where(hidden, never, never.zerosLike()); // (B, 1, T, T)
            NDArray cast = kind.isBFloat16 ? BFloat16.from(mask) : mask;
            NDScope.unregister(cast);
            return cast;
        }
    }
}
