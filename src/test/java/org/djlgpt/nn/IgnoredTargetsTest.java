package org.djlgpt.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.PlainOperators;
import org.djlgpt.torch.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.util.List;

/** Rows whose target is ignored are as if they were not there, in values and in gradients. */
class IgnoredTargetsTest {

    private static final int IGNORED = CrossEntropy.IGNORED;

    private final NDManager manager = ComputeDevice.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void theMeanIsThatOfPyTorch() {
        // torch.nn.functional.cross_entropy: ln(1 + e^-1 + e^-2) of the one row that counts
        NDArray logits = manager.create(new float[] {9, 9, 9, 0, 1, 2}, new Shape(2, 3));
        NDArray targets = manager.create(new long[] {IGNORED, 2});
        double expected = Math.log(1 + Math.exp(-1) + Math.exp(-2));

        assertEquals(expected, CrossEntropy.mean(logits, targets).getFloat(), 1e-6);
        try (PlainOperators plain = new PlainOperators()) {
            assertEquals(expected, CrossEntropy.mean(logits, targets).getFloat(), 1e-6);
        }
    }

    @Test
    void gradientsOfLogitsAreZeroWhereNothingCounts() {
        NDArray logits = random(5, 7);
        long[] targets = {3, IGNORED, 0, IGNORED, 6};

        NDArray all = gradients(logits, targets);

        NDArray few = gradients(logits.get("::2").duplicate(), 3, 0, 6);
        assertArrayEquals(few.toFloatArray(), all.get("::2").toFloatArray(), 1e-7f);
        assertArrayEquals(new float[14], all.get("1::2").toFloatArray());
    }

    private NDArray gradients(NDArray logits, long... targets) {
        logits.setRequiresGradient(true);
        try (Recording on = Recording.on()) {
            NDArray loss = CrossEntropy.mean(logits, manager.create(targets));
            return Gradients.of(loss, List.of(logits)).singletonOrThrow();
        }
    }

    @Test
    void aProjectionLearnsFromWhatCountsOnly() {
        NDArray hidden = random(6, 4);
        NDArray weight = random(9, 4);
        long[] targets = {IGNORED, IGNORED, 8, IGNORED, 1, 2};

        NDList all = gradients(hidden, weight, targets);
        NDArray kept = hidden.get("2:3").concat(hidden.get("4:"), 0).duplicate();
        NDList few = gradients(kept, weight, 8, 1, 2);

        assertArrayEquals(few.get(1).toFloatArray(), all.get(1).toFloatArray(), 1e-7f);
        assertArrayEquals(
                few.get(0).toFloatArray(),
                all.get(0).get("2:3").concat(all.get(0).get("4:"), 0).toFloatArray(),
                1e-7f);
        assertArrayEquals(new float[8], all.get(0).get(":2").toFloatArray());
    }

    private NDList gradients(NDArray hidden, NDArray weight, long... targets) {
        hidden.setRequiresGradient(true);
        weight.setRequiresGradient(true);
        try (Recording on = Recording.on()) {
            NDArray loss = CrossEntropy.ofProjection(hidden, weight, manager.create(targets));
            return Gradients.of(loss, List.of(hidden, weight));
        }
    }

    @Test
    void withoutAnyTheMeanIsNone() {
        NDArray targets = manager.create(new long[] {IGNORED, IGNORED});

        assertTrue(Float.isNaN(CrossEntropy.mean(random(2, 3), targets).getFloat()));
    }

    @Test
    void anotherNegativeTargetIsRefusedByName() {
        NDArray targets = manager.create(new long[] {IGNORED, -1});

        String message =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> CrossEntropy.mean(random(2, 3), targets))
                        .getMessage();
        assertTrue(message.contains("-1 at position 1"), message);
    }

    private NDArray random(int rows, int width) {
        return manager.randomNormal(new Shape(rows, width));
    }
}
