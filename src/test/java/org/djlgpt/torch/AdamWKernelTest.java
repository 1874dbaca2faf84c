package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.AdamWKernel.Slot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;

class AdamWKernelTest {

    private static final AdamWKernel ADAMW = new AdamWKernel(0.9, 0.95, 1e-8);

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private Slot slot(float parameter, float gradient) {
        NDArray array = manager.create(new float[] {parameter, parameter});
        array.setRequiresGradient(true);
        return new Slot(
                array,
                manager.create(new float[] {gradient, 1e-3f}),
                manager.zeros(new Shape(2)),
                manager.zeros(new Shape(2)));
    }

    @Test
    void followsTheFormulaOverAHundredSteps() {
        Slot first = slot(1, 0.5f);
        Slot second = slot(-2, -4);
        double[] expected = {1, 1, -2, -2};
        double[] gradient = {0.5, 1e-3f, -4, 1e-3f};
        double[] mean = new double[4];
        double[] variance = new double[4];
        for (int step = 1; step <= 100; step++) {
            double rate = 1e-2 / step;
            double sign = step % 3 == 0 ? -1 : 1;
            first.gradient().set(new float[] {(float) (sign * 0.5), (float) (sign * 1e-3f)});
            second.gradient().set(new float[] {(float) (sign * -4), (float) (sign * 1e-3f)});
            ADAMW.step(List.of(first, second), step, rate, 0.1);
            for (int i = 0; i < 4; i++) {
                double g = sign * gradient[i];
                expected[i] *= 1 - rate * 0.1;
                mean[i] = 0.9 * mean[i] + 0.1 * g;
                variance[i] = 0.95 * variance[i] + 0.05 * g * g;
                double root = Math.sqrt(variance[i] / (1 - Math.pow(0.95, step)));
                expected[i] -= rate * mean[i] / (1 - Math.pow(0.9, step)) / (root + 1e-8);
            }
        }
        double[] actual = new double[4];
        for (int i = 0; i < 2; i++) {
            actual[i] = first.parameter().getFloat(i);
            actual[i + 2] = second.parameter().getFloat(i);
        }
        for (int i = 0; i < 4; i++) {
            assertEquals(expected[i], actual[i], 1e-6 * Math.abs(expected[i]));
        }
    }

    @Test
    void tinyGradientMovesHalfTheRate() {
        NDArray parameter = manager.create(new float[] {0});
        NDArray gradient = manager.create(new float[] {1e-8f});
        Slot slot =
                new Slot(
                        parameter,
                        gradient,
                        manager.zeros(new Shape(1)),
                        manager.zeros(new Shape(1)));
        ADAMW.step(List.of(slot), 1, 1, 0);
        assertEquals(-0.5, parameter.getFloat(), 1e-4);
    }

    @Test
    void guardDividesTheGradientFirst() {
        Slot divided = slot(1, 8);
        Slot scaled = slot(1, 2);
        scaled.gradient().set(new float[] {2, 1e-3f / 4});
        ADAMW.step(List.of(divided), 1, 0.1, 0, guard(4, 0));
        ADAMW.step(List.of(scaled), 1, 0.1, 0);
        assertArrayEquals(scaled.gradient().toFloatArray(), divided.gradient().toFloatArray());
        assertArrayEquals(scaled.mean().toFloatArray(), divided.mean().toFloatArray(), 1e-9f);
        assertArrayEquals(
                scaled.variance().toFloatArray(), divided.variance().toFloatArray(), 1e-9f);
        assertArrayEquals(scaled.parameter().toFloatArray(), divided.parameter().toFloatArray());
    }

    @Test
    void guardThatSkipsLeavesEverythingAsItIs() {
        Slot slot = slot(1, Float.NaN);
        ADAMW.step(List.of(slot), 1, 0.1, 0.1, guard(Float.NaN, 1));
        assertArrayEquals(new float[] {1, 1}, slot.parameter().toFloatArray());
        assertArrayEquals(new float[] {0, 0}, slot.mean().toFloatArray());
        assertArrayEquals(new float[] {0, 0}, slot.variance().toFloatArray());
    }

    private UpdateGuard guard(float divisor, float skipped) {
        return new UpdateGuard(manager.create(divisor), manager.create(skipped));
    }

    @Test
    void wrongArgumentIsRefusedByName() {
        Slot good = slot(1, 1);
        Slot bad =
                new Slot(
                        good.parameter(),
                        good.gradient(),
                        manager.zeros(new Shape(3)),
                        good.variance());
        assertRefused(
                "AdamWKernel.step: mean has shape (3)", () -> ADAMW.step(List.of(bad), 1, 1, 0));
        assertRefused("AdamWKernel: step is 0", () -> ADAMW.step(List.of(good), 0, 1, 0));
        assertRefused(
                "AdamWKernel.step: divisor has shape (2)",
                () ->
                        ADAMW.step(
                                List.of(good),
                                1,
                                1,
                                0,
                                new UpdateGuard(good.gradient(), manager.create(0f))));
        assertRefused("AdamWKernel: slots.size() is 0", () -> ADAMW.step(List.of(), 1, 1, 0));
        assertRefused("AdamWKernel: beta2 is 1.0", () -> new AdamWKernel(0.9, 1, 1e-8));
    }

    private static void assertRefused(String message, Runnable call) {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, call::run);
        assertTrue(error.getMessage().startsWith(message), error::getMessage);
    }
}
