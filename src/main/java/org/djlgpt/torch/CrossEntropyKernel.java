package org.djlgpt.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;

/**
 * The mean cross-entropy of next-token predictions, in nats, with little memory.
 *
 * <p>On a CPU only the rows are computed whose target is not -100. A GPU computes all: to ask it
 * which they are would wait for it. There a target outside [0, V), which a CPU refuses, makes its
 * loss NaN.
 *
 * <p>Softmax and loss are computed in float32, a few rows at a time, or on a GPU as many as have 64
 * Mi elements, and where gradients are recorded, together with the gradient (<a
 * href="https://arxiv.org/abs/2410.10989">Hsu et al. 2024</a>, section 3.2). Letters in shapes: N
 * tokens, E width of the model, V words.
 */
public final class CrossEntropyKernel {

    private CrossEntropyKernel() {}

    /**
     * The loss of logits. Besides the logits, one more array of their shape and type is held for
     * the backward pass, where a gradient is recorded.
     *
     * @param logits the logits (N, V), float32 or bfloat16
     * @param targets the index of the right word for each token (N), int64
     * @return the mean loss, a float32 scalar
     * @throws IllegalArgumentException if a shape, a type or a device is wrong
     * @throws ai.djl.engine.EngineException on a CPU, if a target is not in [0, V)
     */
    public static NDArray ofLogits(NDArray logits, NDArray targets) {
        String function = "CrossEntropyKernel.ofLogits";
        Argument z = logits(function, logits);
        Argument t = targets(function, targets, z);
        return TorchScript.kernels().call("cross_entropy", z.array(), t.array(), looks(z));
    }

    /**
     * The loss of the logits {@code hidden weight^T}, which exist only inside the call: one array
     * (N, V) in the weight's type, and of that at most 64 Mi elements at a time, beside which a GPU
     * holds as many in float32.
     *
     * @param hidden what the model's last layer puts out (N, E), float32 or bfloat16
     * @param weight the output projection (V, E), of the type to multiply in
     * @param targets the index of the right word for each token (N), int64
     * @return the mean loss, a float32 scalar
     * @throws IllegalArgumentException if a shape, a type or a device is wrong
     * @throws ai.djl.engine.EngineException on a CPU, if a target is not in [0, V)
     */
    public static NDArray ofProjection(NDArray hidden, NDArray weight, NDArray targets) {
        return project(
                "CrossEntropyKernel.ofProjection", "linear_cross_entropy", hidden, weight, targets);
    }

    /**
     * The log-probabilities of the targets under the logits {@code hidden weight^T}. Where the
     * weight requires no gradient the logits exist only inside the call, as those of {@link
     * #ofProjection}; otherwise two arrays (N, V) of those that count are held for the backward
     * pass.
     *
     * @param hidden what the model's last layer puts out (N, E), float32 or bfloat16
     * @param weight the output projection (V, E), of the type to multiply in
     * @param targets the index of a word for each token (N), int64, or -100
     * @return log-probabilities (N) in nats, float32; 0 where the target is -100
     * @throws IllegalArgumentException if a shape, a type or a device is wrong
     * @throws ai.djl.engine.EngineException on a CPU, if a target is not in [0, V)
     */
    public static NDArray logProbabilities(NDArray hidden, NDArray weight, NDArray targets) {
        return project(
                "CrossEntropyKernel.logProbabilities",
                "linear_log_probabilities",
                hidden,
                weight,
                targets);
    }

    /**
     * The log-probabilities of the targets under logits.
     *
     * @param logits the logits (N, V), float32 or bfloat16
     * @param targets the index of a word for each token (N), int64, or -100
     * @return log-probabilities (N) in nats, float32; 0 where the target is -100, and NaN where it
     *     is another number outside [0, V)
     * @throws IllegalArgumentException if a shape, a type or a device is wrong
     */
    public static NDArray logProbabilities(NDArray logits, NDArray targets) {
        String function = "CrossEntropyKernel.logProbabilities";
        Argument z = logits(function, logits);
        return TorchScript.kernels()
                .call("log_probabilities", z.array(), targets(function, targets, z).array());
    }

    private static Argument logits(String function, NDArray logits) {
        return Argument.of(function, "logits", logits).rank(2).floatingPoint().notEmpty();
    }

    private static Argument targets(String function, NDArray targets, Argument rows) {
        return Argument.of(function, "targets", targets)
                .shape(rows.size(0))
                .type(DataType.INT64)
                .onDeviceOf(rows);
    }

    /** Whether it is worth a look which targets count: on a GPU that would wait for it. */
    private static boolean looks(Argument array) {
        return !array.array().getDevice().isGpu();
    }

    private static NDArray project(
            String function, String kernel, NDArray hidden, NDArray weight, NDArray targets) {
        Argument w = Argument.of(function, "weight", weight).rank(2).floatingPoint().notEmpty();
        Argument h =
                Argument.of(function, "hidden", hidden)
                        .rank(2)
                        .lastAxis(w.size(1))
                        .floatingPoint()
                        .notEmpty()
                        .onDeviceOf(w);
        Argument t = targets(function, targets, h);
        return TorchScript.kernels().call(kernel, h.array(), w.array(), t.array(), looks(w));
    }
}
