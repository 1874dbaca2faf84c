package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import org.djlgpt.torch.BFloat16;

/**
 * Layer normalization over the last dimension, each token by itself: (.., dim) to the same.
 *
 * <p>DJL's own normalizes (B, T, E) over T and E together unless it is given an axis, so the future
 * leaks into the past; this one can't (Ba et al., "Layer Normalization", 2016; <a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html">torch.nn.LayerNorm</a>).
 */
public final class LayerNorm extends TensorBlock {

    private static final float EPSILON = 1e-5f;

    private final Shape normalizedShape;
    private final Parameter scale;
    private final Parameter shift;

    /**
     * Makes a normalization whose scale starts at 1 and shift at 0; epsilon is 1e-5.
     *
     * @param dim the size of the last dimension
     * @throws IllegalArgumentException if {@code dim} is below 1
     */
    public LayerNorm(int dim) {
        normalizedShape = new Shape(Inputs.requirePositive("dim", dim));
        scale = addParameter(parameter("scale", Parameter.Type.GAMMA));
        shift = addParameter(parameter("shift", Parameter.Type.BETA));
    }

    private Parameter parameter(String name, Parameter.Type type) {
        return Parameter.builder().setName(name).setType(type).optShape(normalizedShape).build();
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        NDArray wide = BFloat16.widen(x);
        return ai.djl.nn.norm.LayerNorm.layerNorm(
                        wide, normalizedShape, pass.value(scale, x), pass.value(shift, x), EPSILON)
                .singletonOrThrow();
    }

    @Override
    protected void requireShape(Shape input) {
        Inputs.requireRank(name(), input, "(.., dim)", 1, Integer.MAX_VALUE);
        Inputs.requireLastDimension(name(), input, "dim", normalizedShape.get(0));
    }

    @Override
    protected Shape outputShape(Shape input) {
        return input;
    }
}
