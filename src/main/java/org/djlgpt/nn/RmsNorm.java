package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

/**
 * Root mean square normalization over the last dimension, each token by itself: (.., dim) to the
 * same. Where {@link LayerNorm} centres and scales, this only scales: x / sqrt(mean(x²) + epsilon)
 * * scale (Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019; <a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html">torch.nn.RMSNorm</a>).
 */
public final class RmsNorm extends TensorBlock {

    private final int dim;
    private final double epsilon;
    private final Parameter scale;

    /**
     * Makes a normalization whose scale starts at 1.
     *
     * @param dim the size of the last dimension
     * @param epsilon added to the mean square, positive; 1e-5 and 1e-6 are common
     * @throws IllegalArgumentException if a number is out of range
     */
    public RmsNorm(int dim, double epsilon) {
        this.dim = Checks.requirePositive("dim", dim);
        this.epsilon = Checks.requireEpsilon(epsilon);
        scale = addParameter(LayerNorm.vector("scale", Parameter.Type.GAMMA, dim));
    }

    /**
     * Returns what the normalized numbers are multiplied with.
     *
     * @return the parameter (dim)
     */
    public Parameter scale() {
        return scale;
    }

    /**
     * Returns what is added to the mean square.
     *
     * @return a positive number
     */
    public double epsilon() {
        return epsilon;
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        return Functional.rmsNorm(x, pass.value(scale, x), epsilon); // (.., dim)
    }

    @Override
    protected void requireShape(Shape input) {
        Checks.requireRank(name(), input, "(.., dim)", 1, Integer.MAX_VALUE);
        Checks.requireLastDimension(name(), input, "dim", dim);
    }

    @Override
    protected Shape outputShape(Shape input) {
        return input;
    }
}
