package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

/**
 * Layer normalization over the last dimension, each token by itself: (.., dim) to the same.
 *
 * <p>DJL's own normalizes (B, T, E) over T and E together unless it is given an axis, so the future
 * leaks into the past; this one can't (Ba et al., "Layer Normalization", 2016; <a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html">torch.nn.LayerNorm</a>).
 */
public final class LayerNorm extends TensorBlock {

    /** What PyTorch adds to the variance unless it is told otherwise. */
    public static final double EPSILON = 1e-5;

    private final int dim;
    private final double epsilon;
    private final Parameter scale;
    private final Parameter shift;

    /**
     * Makes a normalization with a shift and an epsilon of 1e-5.
     *
     * @param dim the size of the last dimension
     * @throws IllegalArgumentException if {@code dim} is below 1
     */
    public LayerNorm(int dim) {
        this(dim, EPSILON, true);
    }

    /**
     * Makes a normalization whose scale starts at 1 and shift at 0.
     *
     * @param dim the size of the last dimension
     * @param epsilon added to the variance, positive
     * @param bias whether there is a shift
     * @throws IllegalArgumentException if a number is out of range
     */
    public LayerNorm(int dim, double epsilon, boolean bias) {
        this.dim = Checks.requirePositive("dim", dim);
        this.epsilon = Checks.requireEpsilon(epsilon);
        scale = addParameter(vector("scale", Parameter.Type.GAMMA, dim));
        shift = bias ? addParameter(vector("shift", Parameter.Type.BETA, dim)) : null;
    }

    static Parameter vector(String name, Parameter.Type type, int dim) {
        return Parameter.builder().setName(name).setType(type).optShape(new Shape(dim)).build();
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
     * Returns what is added to them then.
     *
     * @return the parameter (dim), or null if there is none
     */
    public Parameter shift() {
        return shift;
    }

    /**
     * Returns what is added to the variance.
     *
     * @return a positive number
     */
    public double epsilon() {
        return epsilon;
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        NDArray added = shift == null ? null : pass.value(shift, x);
        return Functional.layerNorm(x, pass.value(scale, x), added, epsilon); // (.., dim)
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
