package org.djlgpt.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;

import org.djlgpt.nn.Pass;
import org.djlgpt.nn.SeededInitializer;

/**
 * The second rung: trainable weights, (.., T, inputDim) to (.., T, outputDim). Three matrices
 * W_query, W_key and W_value (inputDim, outputDim), drawn in this order from U[0, 1), turn each
 * token into a query, a key and a value; scores are scaled by 1/sqrt(outputDim).
 */
public final class SelfAttentionV1 extends SelfAttention {

    private static final Initializer UNIT_UNIFORM =
            new SeededInitializer(
                    (manager, shape, type) -> manager.randomUniform(0, 1, shape, type));

    private final int outputDim;
    private final Parameter queryWeight;
    private final Parameter keyWeight;
    private final Parameter valueWeight;

    private SelfAttentionV1(Builder builder) {
        super(builder.inputDim, builder.outputDim);
        outputDim = builder.outputDim;
        Shape shape = new Shape(builder.inputDim, builder.outputDim);
        queryWeight = addParameter(matrix("W_query", shape));
        keyWeight = addParameter(matrix("W_key", shape));
        valueWeight = addParameter(matrix("W_value", shape));
    }

    private static Parameter matrix(String name, Shape shape) {
        return Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.WEIGHT)
                .optShape(shape)
                .optInitializer(UNIT_UNIFORM)
                .build();
    }

    /**
     * Starts building a block.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        NDArray values = x.matMul(pass.value(valueWeight, x)); // (.., T, outputDim)
        return mix(weigh(scores(x, pass), pass), values); // (.., T, outputDim)
    }

    @Override
    NDArray scores(NDArray x, Pass pass) {
        NDArray queries = x.matMul(pass.value(queryWeight, x)); // (.., T, outputDim)
        NDArray keys = x.matMul(pass.value(keyWeight, x)); // (.., T, outputDim)
        return dot(queries, keys); // (.., T, T)
    }

    @Override
    NDArray weigh(NDArray scores, Pass pass) {
        return scaledSoftmax(scores, outputDim);
    }

    /** Builds a {@link SelfAttentionV1}. */
    public static final class Builder extends AttentionBuilder<Builder> {

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Builds the block.
         *
         * @return the block, not yet initialized
         * @throws IllegalArgumentException if a width is missing or below 1
         */
        public SelfAttentionV1 build() {
            requireDims();
            return new SelfAttentionV1(this);
        }
    }
}
