package org.djlgpt.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;

import java.util.List;

/**
 * What stands between gradients and an update, decided where they are, so that no host waits for
 * it: by what they are divided, as clipping by their norm does (Pascanu et al., "On the difficulty
 * of training recurrent neural networks", 2013, algorithm 1), and that one that is not finite
 * changes nothing.
 *
 * @param divisor what gradients are divided by, a float32 scalar
 * @param skipped 1 if the update must not be applied, else 0, a float32 scalar
 */
public record UpdateGuard(NDArray divisor, NDArray skipped) {

    /**
     * Makes the guard of a step.
     *
     * @param losses the losses of the step, float32 scalars, at least one
     * @param norm the norm of all its gradients, a float32 scalar
     * @param clipNorm the largest norm allowed, or 0 for any
     * @return the guard, whose arrays belong to the manager of the losses
     * @throws IllegalArgumentException if an array is of another engine, type or shape, or closed
     */
    public static UpdateGuard of(List<? extends NDArray> losses, NDArray norm, double clipNorm) {
        String function = "UpdateGuard.of";
        List<PtNDArray> all = Argument.list(function, "losses", losses, DataType.FLOAT32);
        Argument length = Argument.of(function, "norm", norm).type(DataType.FLOAT32).shape();
        try (Recording off = Recording.off()) {
            NDList guards =
                    TorchScript.kernels().callForList("guards", all, length.array(), clipNorm);
            return new UpdateGuard(guards.get(0), guards.get(1));
        }
    }
}
