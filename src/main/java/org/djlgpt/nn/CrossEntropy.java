package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.loss.Loss;

import org.djlgpt.torch.Kernels;

/**
 * The mean negative log-likelihood, in nats per token, of target ids (..) under logits (.., V): <a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html">torch.nn.functional.cross_entropy</a>
 * over every leading dimension. DJL's {@code SoftmaxCrossEntropyLoss} takes one such dimension
 * only.
 */
public final class CrossEntropy extends Loss {

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
     *     target lies outside [0, V)
     */
    @Override
    public NDArray evaluate(NDList labels, NDList predictions) {
        return mean(predictions.singletonOrThrow(), labels.singletonOrThrow());
    }

    /**
     * Returns the loss.
     *
     * @param logits logits (.., V)
     * @param targets target ids (..), INT32 or INT64
     * @return the mean, a scalar
     * @throws IllegalArgumentException if the shapes do not match, the targets are no ids, or a
     *     target lies outside [0, V)
     */
    public static NDArray mean(NDArray logits, NDArray targets) {
        Inputs.requireFloating("CrossEntropy", logits.getDataType());
        Inputs.requireTokenIds("CrossEntropy", targets.getDataType());
        Shape shape = logits.getShape();
        int last = shape.dimension() - 1;
        if (last < 0 || !shape.slice(0, last).equals(targets.getShape())) {
            throw new IllegalArgumentException(
                    "CrossEntropy: logits %s do not match targets %s; logits need one more dimension, the vocabulary, at the end"
                            .formatted(shape, targets.getShape()));
        }
        long vocabSize = shape.get(last);
        Inputs.requireKnownTokens(targets, vocabSize);
        NDArray rows = logits.reshape(-1, vocabSize); // (N, V)
        NDArray ids = targets.toType(DataType.INT64, false).flatten(); // (N)
        if (Kernels.supports(rows)) {
            return org.djlgpt.torch.CrossEntropy.ofLogits(rows, ids);
        }
        return rows.logSoftmax(-1).gather(ids.expandDims(1), 1).mean().neg();
    }
}
