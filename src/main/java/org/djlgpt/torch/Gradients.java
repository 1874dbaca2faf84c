package org.djlgpt.torch;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;

import java.util.List;

/**
 * The gradients of a loss as arrays of their own, for a training loop that steps an optimizer
 * itself.
 *
 * <p>They are fresh at each call, so there is nothing to reset between steps, and closing them
 * frees their memory. The forward pass must have recorded: run it in {@link Recording#on}, or while
 * a DJL gradient collector is open.
 */
public final class Gradients {

    private Gradients() {}

    /**
     * Runs the backward pass of a loss. What the forward pass saved is freed, so it runs once.
     *
     * @param loss a float32 scalar that depends on every parameter
     * @param parameters float32 arrays that require gradients, at least one
     * @return one gradient for each parameter, of its shape, owned by the loss's manager
     * @throws IllegalArgumentException if an array is of another engine or type, or closed, or if
     *     the loss records no gradient
     * @throws ai.djl.engine.EngineException if the loss does not depend on a parameter
     */
    public static NDList of(NDArray loss, List<? extends NDArray> parameters) {
        String function = "Gradients.of";
        Argument scalar = Argument.of(function, "loss", loss).type(DataType.FLOAT32).shape();
        List<PtNDArray> leaves =
                Argument.list(function, "parameters", parameters, DataType.FLOAT32);
        try {
            return TorchScript.kernels().callForList("gradients", scalar.array(), leaves);
        } catch (EngineException e) {
            if (Recording.includes(loss)) {
                throw e;
            }
            throw new IllegalArgumentException(
                    function
                            + ": loss records no gradient; compute it in Recording.on, from"
                            + " parameters that require gradients",
                    e);
        }
    }

    /**
     * Adds gradients to sums of gradients, in place.
     *
     * @param sums float32 arrays, changed
     * @param gradients as many arrays of the same shapes
     * @throws IllegalArgumentException if an array is of another engine, type or shape
     */
    public static void add(List<? extends NDArray> sums, List<? extends NDArray> gradients) {
        String function = "Gradients.add";
        List<PtNDArray> left = Argument.list(function, "sums", sums, DataType.FLOAT32);
        List<PtNDArray> right = Argument.list(function, "gradients", gradients, DataType.FLOAT32);
        if (left.size() != right.size()) {
            throw new IllegalArgumentException(
                    "%s: gradients has %d arrays, but sums has %d"
                            .formatted(function, right.size(), left.size()));
        }
        for (int i = 0; i < left.size(); i++) {
            Argument sum = Argument.of(function, "sums[" + i + "]", left.get(i));
            Argument.of(function, "gradients[" + i + "]", right.get(i)).sameAs(sum);
        }
        TorchScript.kernels().execute("add_gradients", left, right);
    }

    /**
     * Measures gradients: the Euclidean norm over all elements of all arrays.
     *
     * @param gradients float32 arrays, at least one
     * @return the norm; NaN or infinite if an element is, so that a caller can skip the step
     * @throws IllegalArgumentException if an array is of another engine or type, or closed
     */
    public static float norm(List<? extends NDArray> gradients) {
        try (NDArray norm = normArray(gradients)) {
            return norm.getFloat();
        }
    }

    /**
     * Measures gradients as {@link #norm}, without waiting for the result.
     *
     * @param gradients float32 arrays, at least one
     * @return the norm, a float32 scalar that belongs to the manager of the first array
     * @throws IllegalArgumentException if an array is of another engine or type, or closed
     */
    public static NDArray normArray(List<? extends NDArray> gradients) {
        return TorchScript.kernels()
                .call(
                        "norm",
                        Argument.list("Gradients.norm", "gradients", gradients, DataType.FLOAT32));
    }

    /**
     * Sets gradients to zero, whatever they held; DJL's own {@code zeroGradients} keeps a NaN.
     *
     * @param gradients float32 arrays, at least one
     * @throws IllegalArgumentException if an array is of another engine or type, or closed
     */
    public static void zero(List<? extends NDArray> gradients) {
        TorchScript.kernels()
                .execute(
                        "zero",
                        Argument.list("Gradients.zero", "gradients", gradients, DataType.FLOAT32));
    }
}
