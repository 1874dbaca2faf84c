package org.djlgpt.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;

import org.djlgpt.torch.Recording;

import java.util.Arrays;
import java.util.List;

/**
 * Several float32 arrays as one array of numbers, each behind the one before: the form in which
 * they travel.
 *
 * <p>{@link #get()} and {@link #set(float[])} want no more numbers than a Java array holds; the
 * others take any.
 *
 * @param arrays float32 arrays
 */
public record FlatTensors(List<? extends NDArray> arrays) {

    /**
     * Counts the numbers.
     *
     * @return how many numbers the arrays have together
     * @throws ArithmeticException if no Java array holds so many
     */
    public int size() {
        return Math.toIntExact(arrays.stream().mapToLong(NDArray::size).sum());
    }

    /**
     * Counts the numbers, which may be more than a Java array holds.
     *
     * @return how many numbers the arrays have together
     */
    public long count() {
        return arrays.stream().mapToLong(NDArray::size).sum();
    }

    /**
     * Copies the numbers.
     *
     * @return all numbers, {@link #size()} of them
     */
    public float[] get() {
        return get(0, size());
    }

    /**
     * Copies some of the numbers.
     *
     * @param from the place of the first
     * @param count how many
     * @return the numbers
     * @throws IllegalArgumentException if there are no such numbers
     */
    public float[] get(long from, int count) {
        requireWithin(from, count);
        float[] numbers = new float[count];
        overlaps(
                from,
                count,
                (part, start) -> {
                    float[] some = part.toFloatArray();
                    System.arraycopy(some, 0, numbers, start, some.length);
                });
        return numbers;
    }

    /**
     * Changes the arrays.
     *
     * @param numbers what {@link #get()} gives
     * @throws IllegalArgumentException if it has another length; nothing has changed then
     */
    public void set(float[] numbers) {
        if (numbers.length != size()) {
            throw new IllegalArgumentException(
                    "%d numbers do not fit %d arrays of %d; give as many"
                            .formatted(numbers.length, arrays.size(), size()));
        }
        set(0, numbers);
    }

    /**
     * Changes some of the numbers.
     *
     * @param from the place of the first
     * @param numbers what stands there from now on
     * @throws IllegalArgumentException if there are no such numbers
     */
    public void set(long from, float[] numbers) {
        requireWithin(from, numbers.length);
        overlaps(
                from,
                numbers.length,
                (part, start) -> {
                    float[] some = Arrays.copyOfRange(numbers, start, start + (int) part.size());
                    part.set(new NDIndex("..."), part.getManager().create(some));
                });
    }

    private void requireWithin(long from, int count) {
        if (from < 0 || count < 0 || from + count > count()) {
            throw new IllegalArgumentException(
                    "numbers %d to %d (exclusive) are not within %d"
                            .formatted(from, from + count, count()));
        }
    }

    /** Takes a piece of an array, one-dimensional, and the place of its first number. */
    private interface Piece {
        void at(NDArray part, int start);
    }

    /** Visits what a range has of each array, as a view. */
    private void overlaps(long from, int count, Piece piece) {
        long start = 0;
        for (NDArray array : arrays) {
            long end = start + array.size();
            long first = Math.max(from, start);
            long last = Math.min(from + count, end);
            if (first < last) {
                try (Recording off = Recording.off();
                        NDScope scope = new NDScope()) {
                    NDArray flat = array.reshape(-1);
                    piece.at(
                            flat.get(new NDIndex("{}:{}", first - start, last - start)),
                            (int) (first - from));
                }
            }
            start = end;
        }
    }
}
