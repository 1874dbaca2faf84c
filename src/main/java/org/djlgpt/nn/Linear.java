package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.Kernels;

/**
 * The linear layer x W<sup>T</sup> + b: (.., inputDim) to (.., outputDim).
 *
 * <p>Unlike DJL's own it draws its parameters as PyTorch does, weight (outputDim, inputDim) first
 * and bias (outputDim) second (<a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html">torch.nn.Linear</a>).
 */
public final class Linear extends TensorBlock {

    private final int inputDim;
    private final int outputDim;
    private final Parameter weight;
    private final Parameter bias;

    private Linear(Builder builder) {
        inputDim = builder.inputDim;
        outputDim = builder.outputDim;
        weight =
                addParameter(
                        Parameter.builder()
                                .setName("weight")
                                .setType(Parameter.Type.WEIGHT)
                                .optShape(new Shape(outputDim, inputDim))
                                .optInitializer(builder.initialization.weight(inputDim))
                                .build());
        bias =
                builder.bias
                        ? addParameter(
                                Parameter.builder()
                                        .setName("bias")
                                        .setType(Parameter.Type.BIAS)
                                        .optShape(new Shape(outputDim))
                                        .optInitializer(builder.initialization.bias(inputDim))
                                        .build())
                        : null;
    }

    /**
     * Starts building a layer.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns the weight, for a computation that needs more than this layer's output.
     *
     * @return the parameter (outputDim, inputDim)
     */
    public Parameter weight() {
        return weight;
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        NDArray b = bias == null ? null : pass.value(bias, x);
        return apply(x, pass.value(weight, x), b); // (.., outputDim)
    }

    /**
     * Multiplies with a weight and adds a bias, in bfloat16 inside {@link Autocast#bfloat16()}.
     *
     * @param x the input (.., inputDim)
     * @param weight the weight (outputDim, inputDim)
     * @param bias the bias (outputDim), or null for none
     * @return the output (.., outputDim)
     */
    public static NDArray apply(NDArray x, NDArray weight, NDArray bias) {
        if (Autocast.isBFloat16()) {
            NDArray b = bias == null ? null : Autocast.cast(bias);
            return Kernels.linear(x, Autocast.cast(weight), b);
        }
        return ai.djl.nn.core.Linear.linear(BFloat16.widen(x), weight, bias).singletonOrThrow();
    }

    @Override
    protected void requireShape(Shape input) {
        Inputs.requireRank(name(), input, "(.., inputDim)", 1, Integer.MAX_VALUE);
        Inputs.requireLastDimension(name(), input, "inputDim", inputDim);
    }

    @Override
    protected Shape outputShape(Shape input) {
        return input.slice(0, input.dimension() - 1).add(outputDim);
    }

    /** Builds a {@link Linear}. */
    public static final class Builder {

        private int inputDim;
        private int outputDim;
        private boolean bias = true;
        private Initialization initialization = Initialization.pytorch();

        private Builder() {}

        /**
         * Sets the width of the input.
         *
         * @param inputDim at least 1
         * @return this builder
         */
        public Builder setInputDim(int inputDim) {
            this.inputDim = inputDim;
            return this;
        }

        /**
         * Sets the width of the output.
         *
         * @param outputDim at least 1
         * @return this builder
         */
        public Builder setOutputDim(int outputDim) {
            this.outputDim = outputDim;
            return this;
        }

        /**
         * Sets whether a bias is added.
         *
         * @param bias true by default
         * @return this builder
         */
        public Builder optBias(boolean bias) {
            this.bias = bias;
            return this;
        }

        /**
         * Sets how the parameters are drawn.
         *
         * @param initialization {@link Initialization#pytorch()} by default
         * @return this builder
         */
        public Builder optInitialization(Initialization initialization) {
            this.initialization = initialization;
            return this;
        }

        /**
         * Builds the layer.
         *
         * @return the layer, not yet initialized
         * @throws IllegalArgumentException if a width is missing or below 1
         */
        public Linear build() {
            Inputs.requirePositive("inputDim", inputDim);
            Inputs.requirePositive("outputDim", outputDim);
            return new Linear(this);
        }
    }
}
