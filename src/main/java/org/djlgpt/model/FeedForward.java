package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.ActivationFunction;
import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.TensorBlock;

import java.util.Objects;

/**
 * The feed-forward network of a transformer block, applied to each token by itself: (.., E) up to
 * (.., hiddenDim), an activation, and down to (.., E) (Vaswani et al., 2017, section 3.3).
 */
public final class FeedForward extends TensorBlock {

    private final int embeddingDim;
    private final Linear up;
    private final TensorBlock activation;
    private final Linear down;

    private FeedForward(Builder builder) {
        embeddingDim = builder.embeddingDim;
        int hiddenDim = builder.hiddenDim();
        up = addChildBlock("up", builder.linear(Role.UP, embeddingDim, hiddenDim));
        activation = addChildBlock("activation", builder.activation.block());
        down = addChildBlock("down", builder.linear(Role.DOWN, hiddenDim, embeddingDim));
    }

    /**
     * Makes GPT-2's network, drawn as PyTorch draws it: four times as wide inside, with GELU in the
     * tanh form and biases.
     *
     * @param embeddingDim the width of a token
     * @throws IllegalArgumentException if {@code embeddingDim} is below 1
     */
    public FeedForward(int embeddingDim) {
        this(builder().setEmbeddingDim(embeddingDim).checked());
    }

    /**
     * Starts building a network.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns the first layer.
     *
     * @return a layer from E to hiddenDim
     */
    public Linear up() {
        return up;
    }

    /**
     * Returns the second layer.
     *
     * @return a layer from hiddenDim to E
     */
    public Linear down() {
        return down;
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        return pass.through(x, up, activation, down);
    }

    @Override
    protected void requireShape(Shape input) {
        Checks.requireRank(name(), input, "(.., embeddingDim)", 1, Integer.MAX_VALUE);
        Checks.requireLastDimension(name(), input, "embeddingDim", embeddingDim);
    }

    @Override
    protected Shape outputShape(Shape input) {
        return input;
    }

    @Override
    protected void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {
        up.initialize(manager, dataType, inputShapes);
        Shape[] hidden = up.getOutputShapes(inputShapes);
        activation.initialize(manager, dataType, hidden);
        down.initialize(manager, dataType, hidden);
    }

    /** Builds a {@link FeedForward}. */
    public static final class Builder {

        private static final int EXPANSION = 4;

        private int embeddingDim;
        private Integer hiddenDim;
        private ActivationFunction activation = ActivationFunction.GELU_TANH;
        private boolean bias = true;
        private Layers layers = Layers.pytorch();

        private Builder() {}

        /**
         * Sets the width of a token.
         *
         * @param embeddingDim at least 1
         * @return this builder
         */
        public Builder setEmbeddingDim(int embeddingDim) {
            this.embeddingDim = embeddingDim;
            return this;
        }

        /**
         * Sets the width between the layers.
         *
         * @param hiddenDim at least 1, 4 * embeddingDim by default
         * @return this builder
         */
        public Builder optHiddenDim(int hiddenDim) {
            this.hiddenDim = hiddenDim;
            return this;
        }

        /**
         * Sets what stands between the layers.
         *
         * @param activation {@link ActivationFunction#GELU_TANH} by default
         * @return this builder
         */
        public Builder optActivation(ActivationFunction activation) {
            this.activation = Objects.requireNonNull(activation, "activation");
            return this;
        }

        /**
         * Sets whether the layers have biases.
         *
         * @param bias true by default
         * @return this builder
         */
        public Builder optBias(boolean bias) {
            this.bias = bias;
            return this;
        }

        /**
         * Sets how the linear layers are made.
         *
         * @param layers {@link Layers#pytorch()} by default
         * @return this builder
         */
        public Builder optLayers(Layers layers) {
            this.layers = Objects.requireNonNull(layers, "layers");
            return this;
        }

        private int hiddenDim() {
            return hiddenDim == null ? EXPANSION * embeddingDim : hiddenDim;
        }

        private Linear linear(Role role, int inputDim, int outputDim) {
            return layers.linear(role, inputDim, outputDim, bias);
        }

        private Builder checked() {
            Checks.requirePositive("embeddingDim", embeddingDim);
            Checks.requirePositive("hiddenDim", hiddenDim());
            return this;
        }

        /**
         * Builds the network.
         *
         * @return the network, not yet initialized
         * @throws IllegalArgumentException if a width is missing or below 1
         */
        public FeedForward build() {
            return new FeedForward(checked());
        }
    }
}
