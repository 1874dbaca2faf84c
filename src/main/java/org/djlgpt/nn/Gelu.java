package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.Kernels;

/**
 * The Gaussian error linear unit in the tanh form that GPT-2 uses, element by element: x / 2 * (1 +
 * tanh(sqrt(2 / pi) * (x + 0.044715 x³))) (Hendrycks and Gimpel, "Gaussian Error Linear Units",
 * 2016, section 2). DJL's {@code Activation.gelu} is the exact form, which differs by up to 5e-4.
 */
public final class Gelu extends TensorBlock {

    private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

    /** Makes the activation. */
    public Gelu() {}

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        if (Kernels.supports(x)) {
            return Kernels.gelu(x);
        }
        NDArray cube = x.mul(x).mul(x);
        NDArray inner = cube.mul(Scalar.of(0.044715, x)).add(x).mul(Scalar.of(SQRT_2_OVER_PI, x));
        return x.mul(Scalar.of(0.5, x)).mul(inner.tanh().add(1));
    }

    @Override
    protected void requireShape(Shape input) {}

    @Override
    protected Shape outputShape(Shape input) {
        return input;
    }
}
