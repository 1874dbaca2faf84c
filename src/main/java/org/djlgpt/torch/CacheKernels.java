package org.djlgpt.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How the keys and values that {@link Kernels#cachedAttention} reads get room and change places, as
 * sequences grow, come and go.
 *
 * <p>Each takes float32, float16 or bfloat16 arrays of the PyTorch engine; all array arguments of a
 * call have the same type and device. Nothing is recorded for a backward pass. Letters in shapes: B
 * sequences, G groups of heads, C tokens that there is room for, D numbers of a head.
 */
public final class CacheKernels {

    private CacheKernels() {}

    /**
     * Copies a cache into one with more room.
     *
     * @param cache keys and values (2, B, G, C, D)
     * @param length how many of its tokens to copy
     * @param room how many tokens there is to be room for, at least as many
     * @return the new cache (2, B, G, room, D)
     * @throws IllegalArgumentException if the shape or a number is wrong
     */
    public static NDArray grown(NDArray cache, long length, long room) {
        Argument past =
                Argument.of("CacheKernels.grown", "cache", cache).rank(5).anyFloatingPoint();
        past.room(3, 0, length);
        if (room < length) {
            throw new IllegalArgumentException(
                    "CacheKernels.grown: room is %d, but must be at least %d"
                            .formatted(room, length));
        }
        try (Recording off = Recording.off()) {
            return TorchScript.kernels().call("grown_cache", past.array(), length, room);
        }
    }

    /**
     * Puts the keys and values of some sequences of one cache and of all of another into a new one,
     * so that all end at the same place; zeros stand in front of the shorter ones.
     *
     * @param cache keys and values (2, B, G, C, D)
     * @param rows which of its B sequences to take
     * @param from the first token to take of each
     * @param length the number of tokens to take of each
     * @param others keys and values (2, B', G, C', D), or null for none
     * @param othersLength the number of tokens to take of each of those
     * @param room the number of tokens of the new cache, at least as many as the longer ones have
     * @return keys and values (2, rows + B', G, room, D)
     * @throws IllegalArgumentException if the caches do not fit each other or the numbers
     */
    public static NDArray joined(
            NDArray cache,
            int[] rows,
            long from,
            long length,
            NDArray others,
            long othersLength,
            long room) {
        String function = "CacheKernels.joined";
        Argument first = Argument.of(function, "cache", cache).rank(5).anyFloatingPoint();
        first.room(3, from, length);
        List<PtNDArray> second = new ArrayList<>();
        if (others != null) {
            Argument added = Argument.of(function, "others", others).rank(5).like(first);
            added.room(3, 0, othersLength)
                    .shape(2, added.size(1), first.size(2), added.size(3), first.size(4));
            second.add(added.array());
        }
        if (room < Math.max(length, othersLength)) {
            throw new IllegalArgumentException(
                    "CacheKernels.joined: room is %d, but must be at least %d"
                            .formatted(room, Math.max(length, othersLength)));
        }
        long[] taken = rowsOf(function, first, rows);
        try (Recording off = Recording.off()) {
            return TorchScript.kernels()
                    .call(
                            "joined_cache",
                            first.array(),
                            taken,
                            from,
                            length,
                            second,
                            othersLength,
                            room);
        }
    }

    /**
     * Puts all sequences of another cache in the place of some of a cache, so that they end at the
     * same token as the rest; zeros stand in front. Changes the cache.
     *
     * @param cache keys and values (2, B, G, C, D)
     * @param rows which of its B sequences to replace, as many as the other cache has
     * @param end how many tokens of each sequence there are
     * @param others keys and values (2, rows, G, C', D)
     * @param length the number of tokens to take of each of those, at most {@code end}
     * @throws IllegalArgumentException if the caches do not fit each other or the numbers
     */
    public static void put(NDArray cache, int[] rows, long end, NDArray others, long length) {
        String function = "CacheKernels.put";
        Argument first = Argument.of(function, "cache", cache).rank(5).anyFloatingPoint();
        first.room(3, 0, end);
        Argument second = Argument.of(function, "others", others).rank(5).like(first);
        second.room(3, 0, length)
                .shape(2, rows.length, first.size(2), second.size(3), first.size(4));
        if (length > end) {
            throw new IllegalArgumentException(
                    "CacheKernels.put: length is %d, but must be at most %d"
                            .formatted(length, end));
        }
        long[] replaced = rowsOf(function, first, rows);
        try (Recording off = Recording.off()) {
            TorchScript.kernels()
                    .call("put_in_cache", first.array(), replaced, end, second.array(), length)
                    .close();
        }
    }

    private static long[] rowsOf(String function, Argument cache, int... rows) {
        for (int row : rows) {
            if (row < 0 || row >= cache.size(1)) {
                throw new IllegalArgumentException(
                        "%s: row %d does not exist; give 0 to %d"
                                .formatted(function, row, cache.size(1) - 1));
            }
        }
        return IntStream.of(rows).asLongStream().toArray();
    }
}
