package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.Kernels;

/** What stands between two linear layers, element by element. */
public enum ActivationFunction {
    /**
     * The Gaussian error linear unit in the tanh form that GPT-2 uses: x / 2 * (1 + tanh(sqrt(2 /
     * pi) * (x + 0.044715 x³))) (Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016, section
     * 2). DJL's {@code Activation.gelu} is {@link #GELU}, which differs by up to 5e-4.
     */
    GELU_TANH {
        @Override
        public NDArray apply(NDArray x) {
            if (Kernels.supports(x)) {
                return Kernels.geluTanh(x);
            }
            NDArray cube = x.mul(x).mul(x);
            NDArray inner = cube.mul(Scalar.of(0.044715, x)).add(x);
            NDArray tanh = inner.mul(Scalar.of(Math.sqrt(2 / Math.PI), x)).tanh();
            return x.mul(Scalar.of(0.5, x)).mul(tanh.add(1));
        }
    },

    /** The Gaussian error linear unit itself: x / 2 * (1 + erf(x / sqrt(2))). */
    GELU {
        @Override
        public NDArray apply(NDArray x) {
            return Kernels.supports(x) ? Kernels.gelu(x) : x.getNDArrayInternal().gelu();
        }
    },

    /** max(x, 0). */
    RELU {
        @Override
        public NDArray apply(NDArray x) {
            return Kernels.supports(x) ? Kernels.relu(x) : x.getNDArrayInternal().relu();
        }
    },

    /**
     * The sigmoid linear unit x / (1 + exp(-x)), also called swish (<a
     * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html">torch.nn.SiLU</a>).
     */
    SILU {
        @Override
        public NDArray apply(NDArray x) {
            return Kernels.supports(x) ? Kernels.silu(x) : x.getNDArrayInternal().sigmoid().mul(x);
        }
    };

    /**
     * Computes the function.
     *
     * @param x an array of any shape
     * @return the values, of the same shape
     */
    public abstract NDArray apply(NDArray x);

    /**
     * Makes a block of the function.
     *
     * @return a block without parameters that takes arrays of any shape
     */
    public TensorBlock block() {
        return new Elementwise(this);
    }

    private static final class Elementwise extends TensorBlock {

        private final ActivationFunction function;

        Elementwise(ActivationFunction function) {
            this.function = function;
        }

        @Override
        protected String name() {
            return function.name();
        }

        @Override
        protected NDArray forward(NDArray x, Pass pass) {
            return function.apply(x);
        }

        @Override
        protected void requireShape(Shape input) {}

        @Override
        protected Shape outputShape(Shape input) {
            return input;
        }
    }
}
