package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;

class GradientsTest {

    private NDManager manager;
    private NDArray a;
    private NDArray b;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        a = manager.create(new float[] {1, 2});
        b = manager.create(new float[] {3, 4});
        a.setRequiresGradient(true);
        b.setRequiresGradient(true);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private NDList derivatives(List<NDArray> parameters) {
        try (Recording on = Recording.on()) {
            return Gradients.of(a.mul(b).mul(a).sum(), parameters);
        }
    }

    @Test
    void eachBackwardPassGivesFreshGradients() {
        for (int pass = 0; pass < 2; pass++) {
            NDList gradients = derivatives(List.of(a, b));
            assertArrayEquals(new float[] {6, 16}, gradients.get(0).toFloatArray());
            assertArrayEquals(new float[] {1, 4}, gradients.get(1).toFloatArray());
        }
        assertEquals(0, a.getGradient().sum().getFloat(), "the parameter's own gradient changed");
    }

    @Test
    void sumsOfTwoPassesAreTwiceTheGradient() {
        NDList sums = derivatives(List.of(a, b));
        Gradients.add(sums, derivatives(List.of(a, b)));
        assertArrayEquals(new float[] {12, 32}, sums.get(0).toFloatArray());
        assertArrayEquals(new float[] {2, 8}, sums.get(1).toFloatArray());
    }

    @Test
    void normIsOverAllElements() {
        assertEquals(Math.sqrt(30), Gradients.norm(List.of(a, b)), 1e-5);
        b.set(new float[] {Float.NaN, 1});
        assertTrue(Float.isNaN(Gradients.norm(List.of(a, b))));
    }

    @Test
    void zeroReplacesNaN() {
        a.set(new float[] {Float.NaN, Float.POSITIVE_INFINITY});
        Gradients.zero(List.of(a, b));
        assertArrayEquals(new float[2], a.toFloatArray());
        assertArrayEquals(new float[2], b.toFloatArray());
    }

    @Test
    void wrongArgumentIsRefusedByName() {
        assertRefused(
                "Gradients.of: loss records no gradient",
                () -> Gradients.of(manager.create(1f), List.of(a)));
        assertRefused("Gradients.of: loss has shape (2)", () -> Gradients.of(a, List.of(a)));
        assertRefused(
                "Gradients.of: parameters is empty",
                () -> Gradients.of(manager.create(1f), List.of()));
        assertRefused(
                "Gradients.norm: gradients[1] has type int64",
                () -> Gradients.norm(List.of(a, manager.create(new long[] {1}))));
        assertRefused(
                "Gradients.add: gradients has 1 arrays, but sums has 2",
                () -> Gradients.add(List.of(a, b), List.of(a)));
    }

    @Test
    void parameterOutsideTheLossIsReported() {
        NDArray unused = manager.create(new float[] {1});
        unused.setRequiresGradient(true);
        assertThrows(EngineException.class, () -> derivatives(List.of(a, unused)));
    }

    private static void assertRefused(String message, Runnable call) {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, call::run);
        assertTrue(error.getMessage().startsWith(message), error::getMessage);
    }
}
