package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.loss.Loss;

import org.djlgpt.torch.Kernels;
import org.djlgpt.torch.Recording;

/**
 * The mean negative log-likelihood, in nats per token, of target ids (..) under logits (.., V): <a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html">torch.nn.functional.cross_entropy</a>
 * over every leading dimension. Rows whose target is {@link #IGNORED} do not count; where none
 * counts, the mean is NaN. DJL's {@code SoftmaxCrossEntropyLoss} takes one such dimension only.
 */
public final class CrossEntropy extends Loss {

    /** The target of a row that does not count, such as padding, as in PyTorch. */
    public static final int IGNORED = -100;

    /** Makes a loss of the name {@code CrossEntropy}. */
    public CrossEntropy() {
        super("CrossEntropy");
    }

    /**
     * Returns the loss.
     *
     * @param labels one array of target ids (..), INT32 or INT64
     * @param predictions one array of logits (.., V)
     * @return the mean, a scalar
     * @throws IllegalArgumentException if the shapes do not match, the targets are no ids, or a
     *     target lies outside [0, V) and is not {@link #IGNORED}; where a GPU computes a loss with
     *     a gradient, the last makes it NaN, see {@link DeferredChecks}
     */
    @Override
    public NDArray evaluate(NDList labels, NDList predictions) {
        NDArray logits = predictions.singletonOrThrow();
        boolean learns = Kernels.supports(logits) && Recording.includes(logits);
        try (DeferredChecks scope = learns ? DeferredChecks.open() : null) {
            return mean(logits, labels.singletonOrThrow());
        }
    }

    /**
     * Returns the loss.
     *
     * @param logits logits (.., V)
     * @param targets target ids (..), INT32 or INT64
     * @return the mean, a scalar
     * @throws IllegalArgumentException if the shapes do not match, the targets are no ids, or a
     *     target lies outside [0, V) and is not {@link #IGNORED}
     */
    public static NDArray mean(NDArray logits, NDArray targets) {
        Checks.requireFloating("CrossEntropy", logits.getDataType());
        long vocabSize = requireTargets(logits.getShape(), targets, "logits");
        return Functional.crossEntropy(logits.reshape(-1, vocabSize), ids(targets));
    }

    /**
     * Returns the loss of logits that are a linear layer's output, without holding them all; they
     * are computed in bfloat16 inside {@link Autocast#bfloat16()}.
     *
     * @param hidden the layer's input (.., E), float32 or bfloat16
     * @param weight the layer's weight (V, E), float32
     * @param targets target ids (..), INT32 or INT64
     * @return the mean, a float32 scalar
     * @throws IllegalArgumentException as {@link #mean}
     */
    public static NDArray ofProjection(NDArray hidden, NDArray weight, NDArray targets) {
        long width = requireTargets(hidden.getShape(), targets, "hidden");
        return Functional.crossEntropy(hidden.reshape(-1, width), weight, ids(targets));
    }

    /**
     * Returns the log-likelihoods of sequences under logits.
     *
     * @param logits logits (.., T, V)
     * @param targets target ids (.., T), INT32 or INT64
     * @return the sums over T of the log-probabilities of targets that are not {@link #IGNORED}, in
     *     nats (..)
     * @throws IllegalArgumentException as {@link #mean}
     */
    public static NDArray logLikelihoods(NDArray logits, NDArray targets) {
        Checks.requireFloating("CrossEntropy", logits.getDataType());
        long vocabSize = requireTargets(logits.getShape(), targets, "logits");
        NDArray rows = logits.reshape(-1, vocabSize); // (N, V)
        return overSequences(Functional.logProbabilities(rows, ids(targets)), targets);
    }

    /**
     * Returns the log-likelihoods of sequences under logits that are a linear layer's output, as
     * {@link #ofProjection} computes with them. All logits of targets that count are held if the
     * weight requires a gradient.
     *
     * @param hidden the layer's input (.., T, E), float32 or bfloat16
     * @param weight the layer's weight (V, E)
     * @param targets target ids (.., T), INT32 or INT64
     * @return as {@link #logLikelihoods}, float32
     * @throws IllegalArgumentException as {@link #mean}
     */
    public static NDArray logLikelihoodsOfProjection(
            NDArray hidden, NDArray weight, NDArray targets) {
        long width = requireTargets(hidden.getShape(), targets, "hidden");
        NDArray rows = hidden.reshape(-1, width); // (N, E)
        return overSequences(Functional.logProbabilities(rows, weight, ids(targets)), targets);
    }

    private static NDArray overSequences(NDArray perToken, NDArray targets) {
        int last = targets.getShape().dimension() - 1;
        return perToken.reshape(targets.getShape()).sum(new int[] {last}); // (..)
    }

    private static long requireTargets(Shape shape, NDArray targets, String name) {
        Checks.requireTokenIds("CrossEntropy", targets.getDataType());
        int last = shape.dimension() - 1;
        if (last < 0 || !shape.slice(0, last).equals(targets.getShape())) {
            throw new IllegalArgumentException(
                    ("CrossEntropy: %s %s does not match targets %s; it needs their"
                                    + " dimensions and one more dimension at the end")
                            .formatted(name, shape, targets.getShape()));
        }
        return shape.get(last);
    }

    private static NDArray ids(NDArray targets) {
        return targets.toType(DataType.INT64, false).flatten(); // (N)
    }
}
