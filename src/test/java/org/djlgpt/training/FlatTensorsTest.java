package org.djlgpt.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.List;

class FlatTensorsTest {

    private final NDManager manager = ComputeDevice.newManager();
    private final List<NDArray> arrays =
            List.of(
                    manager.arange(0f, 6f, 1f).reshape(2, 3),
                    manager.create(new float[] {6}, new Shape()),
                    manager.arange(7f, 11f, 1f));
    private final FlatTensors flat = new FlatTensors(arrays);

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void everyRangeIsThatOfTheWhole() {
        float[] whole = flat.get();
        for (int from = 0; from <= whole.length; from++) {
            for (int to = from; to <= whole.length; to++) {
                float[] expected = Arrays.copyOfRange(whole, from, to);
                assertArrayEquals(expected, flat.get(from, to - from));
            }
        }
    }

    @Test
    void aRangeChangesNothingElse() {
        flat.set(4, new float[] {-1, -2, -3, -4});

        assertArrayEquals(new float[] {0, 1, 2, 3, -1, -2, -3, -4, 8, 9, 10}, flat.get());
        assertArrayEquals(new float[] {0, 1, 2, 3, -1, -2}, arrays.get(0).toFloatArray());
        assertEquals(new Shape(2, 3), arrays.get(0).getShape());
    }

    @Test
    void numbersThatAreNotThereAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> flat.get(-1, 2));
        assertThrows(IllegalArgumentException.class, () -> flat.get(9, 3));
        IllegalArgumentException failure =
                assertThrows(
                        IllegalArgumentException.class, () -> flat.set(10, new float[] {1, 2}));
        assertEquals("numbers 10 to 12 (exclusive) are not within 11", failure.getMessage());
    }
}
