package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.training.GradientCollector;

import java.util.Arrays;
import java.util.function.Function;

/** Runs a computation forward and backward, so that a kernel and its formula can be compared. */
final class Autograd {

    private Autograd() {}

    /**
     * Returns a computation's output and the gradients of its element-wise product with fixed
     * weights, summed: {@code [output, gradient of each input]}.
     */
    static NDList run(Function<NDArray[], NDArray> computation, NDArray... inputs) {
        NDArray[] leaves = Arrays.stream(inputs).map(NDArray::duplicate).toArray(NDArray[]::new);
        for (NDArray leaf : leaves) {
            leaf.setRequiresGradient(true);
        }
        NDList results = new NDList();
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray output = computation.apply(leaves);
            results.add(output.stopGradient());
            NDArray weights =
                    output.getManager()
                            .arange(output.size())
                            .reshape(output.getShape())
                            .mul(0.7f)
                            .cos(); // 1 for a scalar
            collector.backward(output.mul(weights).sum());
        }
        for (NDArray leaf : leaves) {
            results.add(leaf.getGradient());
        }
        return results;
    }

    /** Fails unless two arrays agree to within a share of the expected array's largest element. */
    static void assertClose(NDArray expected, NDArray actual, double tolerance) {
        assertEquals(expected.getShape(), actual.getShape());
        float[] wanted = expected.toFloatArray();
        float[] found = actual.toFloatArray();
        double scale = expected.getDevice().isGpu() ? 0.2 : 0.1; // where all should be 0
        for (float value : wanted) {
            scale = Math.max(scale, Math.abs(value));
        }
        for (int i = 0; i < wanted.length; i++) {
            int index = i;
            assertTrue(
                    Math.abs(wanted[i] - found[i]) <= tolerance * scale,
                    () ->
                            "element %d: expected %s, was %s"
                                    .formatted(index, wanted[index], found[index]));
        }
    }
}
