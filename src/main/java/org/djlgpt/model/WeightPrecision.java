package org.djlgpt.model;

import ai.djl.ndarray.NDArray;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.Weight;

import java.util.function.Function;

/**
 * What a {@link GptDecoder} keeps weights in. Reading them is what limits how fast text is written,
 * so half of the bytes are about twice the speed.
 */
public enum WeightPrecision {
    /** 32-bit floating point: the model's own parameters, no copy. */
    FP32(Weight::float32, Weight::float32),

    /** bfloat16: half of the memory; products in bfloat16. */
    BF16(Weight::bfloat16, Weight::packedBFloat16),

    /** Whole numbers of 8 bits and a scale for each output channel; products in bfloat16. */
    INT8(Weight::int8, Weight::int8);

    private final Function<NDArray, Weight> embedding;
    private final Function<NDArray, Weight> linear;

    WeightPrecision(Function<NDArray, Weight> embedding, Function<NDArray, Weight> linear) {
        this.embedding = embedding;
        this.linear = linear;
    }

    /** Converts the rows of an embedding (V, E). */
    Weight rows(NDArray array) {
        return embedding.apply(array);
    }

    /** Converts the weight of a linear layer (out, in). */
    Weight matrix(NDArray array) {
        return linear.apply(array);
    }

    /** Converts the bias of a linear layer (out) to the type that the layer computes in. */
    NDArray bias(NDArray array) {
        return this == FP32 ? array : BFloat16.from(array);
    }
}
