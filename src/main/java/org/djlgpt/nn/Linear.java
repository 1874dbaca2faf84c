package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.UniformInitializer;

import java.util.ArrayList;
import java.util.List;

/**
 * The linear layer x W<sup>T</sup> + b: (.., inputDim) to (.., outputDim).
 *
 * <p>Unlike DJL's own it draws its parameters as PyTorch does, weight (outputDim, inputDim) first
 * and bias (outputDim) second (<a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html">torch.nn.Linear</a>).
 */
public sealed class Linear extends TensorBlock permits LoraLinear {

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
                                .optInitializer(new SeededInitializer(builder.weightInitializer()))
                                .build());
        bias =
                builder.bias
                        ? addParameter(
                                Parameter.builder()
                                        .setName("bias")
                                        .setType(Parameter.Type.BIAS)
                                        .optShape(new Shape(outputDim))
                                        .optInitializer(
                                                new SeededInitializer(builder.biasInitializer()))
                                        .build())
                        : null;
    }

    /** Makes a layer that has the parameters of another. */
    Linear(Linear other) {
        inputDim = other.inputDim;
        outputDim = other.outputDim;
        weight = addParameter(other.weight);
        bias = other.bias == null ? null : addParameter(other.bias);
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
     * Returns the weight.
     *
     * @return the parameter (outputDim, inputDim)
     */
    public Parameter weight() {
        return weight;
    }

    /**
     * Returns the bias.
     *
     * @return the parameter (outputDim), or null if the layer has none
     */
    public Parameter bias() {
        return bias;
    }

    final int inputDim() {
        return inputDim;
    }

    final int outputDim() {
        return outputDim;
    }

    /**
     * Sends an array through layers that lie side by side: in bfloat16 they are one product, which
     * takes fewer calls.
     *
     * @param x the input (.., inputDim)
     * @param pass the pass that it is a part of
     * @param layers layers of that input, all with a bias or all without
     * @return the output (.., outputDim) of each
     * @throws IllegalArgumentException if a layer does not take the input, or some have a bias and
     *     others none
     */
    public static NDList sideBySide(NDArray x, Pass pass, Linear... layers) {
        List<NDArray> weights = new ArrayList<>(layers.length);
        List<NDArray> biases = new ArrayList<>(layers.length);
        for (Linear layer : layers) {
            layer.requireShape(x.getShape());
            weights.add(pass.value(layer.weight, x));
            if (layer.bias != null) {
                biases.add(pass.value(layer.bias, x));
            }
        }
        if (!biases.isEmpty() && biases.size() != layers.length) {
            throw new IllegalArgumentException(
                    "%d of %d layers side by side have a bias; give all of them one, or none"
                            .formatted(biases.size(), layers.length));
        }
        NDList outputs;
        try (NDScope scope = new NDScope()) {
            outputs = Functional.linear(x, weights, biases);
            for (int i = 0; i < layers.length; i++) {
                outputs.set(i, layers[i].adapted(outputs.get(i), x, pass));
            }
            NDScope.unregister(outputs);
        }
        outputs.forEach(NDScope::register); // now they belong to the enclosing block
        return outputs;
    }

    @Override
    protected final NDArray forward(NDArray x, Pass pass) {
        NDArray b = bias == null ? null : pass.value(bias, x);
        NDArray y = Functional.linear(x, pass.value(weight, x), b); // (.., outputDim)
        return adapted(y, x, pass);
    }

    /** Adds to an output y (.., outputDim) what this layer has besides weight and bias. */
    NDArray adapted(NDArray y, NDArray x, Pass pass) {
        return y;
    }

    @Override
    protected final void requireShape(Shape input) {
        Checks.requireRank(name(), input, "(.., inputDim)", 1, Integer.MAX_VALUE);
        Checks.requireLastDimension(name(), input, "inputDim", inputDim);
    }

    @Override
    protected final Shape outputShape(Shape input) {
        return input.slice(0, input.dimension() - 1).add(outputDim);
    }

    /** Builds a {@link Linear}. */
    public static final class Builder {

        private int inputDim;
        private int outputDim;
        private boolean bias = true;
        private Initializer weightInitializer;
        private Initializer biasInitializer;

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
         * @param weight draws the weight, uniform in ±1/sqrt(inputDim) by default
         * @param bias draws the bias, likewise by default
         * @return this builder
         */
        public Builder optInitializers(Initializer weight, Initializer bias) {
            weightInitializer = weight;
            biasInitializer = bias;
            return this;
        }

        private Initializer weightInitializer() {
            return weightInitializer == null ? uniform() : weightInitializer;
        }

        private Initializer biasInitializer() {
            return biasInitializer == null ? uniform() : biasInitializer;
        }

        private Initializer uniform() {
            return new UniformInitializer((float) (1 / Math.sqrt(inputDim)));
        }

        /**
         * Builds the layer.
         *
         * @return the layer, not yet initialized
         * @throws IllegalArgumentException if a width is missing or below 1
         */
        public Linear build() {
            Checks.requirePositive("inputDim", inputDim);
            Checks.requirePositive("outputDim", outputDim);
            return new Linear(this);
        }
    }
}
