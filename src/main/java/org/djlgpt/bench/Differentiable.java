package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Recording;

import java.util.List;

/**
 * A computation to run forward, and forward and backward. The loss is the product of the output
 * with fixed weights, summed, so that the backward pass starts from a dense gradient.
 *
 * @param operators what it computes with
 * @param computation what is measured
 * @param leaves float32 arrays that the output depends on and that require gradients
 * @param weights the fixed weights, of the output's shape
 */
record Differentiable(
        Operators operators, Computation computation, List<NDArray> leaves, NDArray weights) {

    static final String FORWARD = "forward";
    static final String BOTH = "forward and backward";

    /** Computes an output. */
    @FunctionalInterface
    interface Computation {

        /**
         * Computes.
         *
         * @param training whether a backward pass follows
         * @return the output, float32 or bfloat16; all arrays made may be closed afterwards
         */
        NDArray output(boolean training);
    }

    List<Case.Phase> phases() {
        return List.of(
                new Case.Phase(FORWARD, this::forward),
                new Case.Phase(BOTH, this::forwardAndBackward));
    }

    private void forward() {
        try (Recording off = Recording.off();
                NDScope scope = new NDScope();
                Operators.Scope inUse = operators.use()) {
            computation.output(false);
        }
    }

    void forwardAndBackward() {
        try (NDArray loss = loss()) {
            Gradients.of(loss, leaves).close();
        }
    }

    private NDArray output() {
        try (Operators.Scope inUse = operators.use()) {
            return computation.output(true);
        }
    }

    /**
     * Handles to what is between the leaves and the loss are closed, as the library's blocks do.
     */
    private NDArray loss() {
        try (Recording on = Recording.on();
                NDScope scope = new NDScope()) {
            NDArray output = output();
            NDArray wide = BFloat16.is(output) ? BFloat16.toFloat32(output) : output;
            NDArray loss = wide.mul(weights).sum();
            NDScope.unregister(loss);
            return loss;
        }
    }
}
