package org.djlgpt.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;

import org.djlgpt.torch.Recording;

import java.util.Arrays;
import java.util.List;

/**
 * Several float32 arrays as one array of numbers, each behind the one before: the form in which
 * they travel.
 *
 * @param arrays float32 arrays, together of no more numbers than a Java array holds
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
     * Copies the numbers.
     *
     * @return all numbers, {@link #size()} of them
     */
    public float[] get() {
        float[] numbers = new float[size()];
        int start = 0;
        for (NDArray array : arrays) {
            float[] part = array.toFloatArray();
            System.arraycopy(part, 0, numbers, start, part.length);
            start += part.length;
        }
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
        int start = 0;
        for (NDArray array : arrays) {
            int end = start + (int) array.size();
            try (Recording off = Recording.off();
                    NDScope scope = new NDScope()) {
                NDManager manager = array.getManager();
                float[] part = Arrays.copyOfRange(numbers, start, end);
                array.set(new NDIndex("..."), manager.create(part, array.getShape()));
            }
            start = end;
        }
    }
}
