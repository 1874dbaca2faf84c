package org.djlgpt.decoder;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;

import org.djlgpt.torch.BFloat16;

import java.util.function.Function;

/**
 * What a {@link GptDecoder} keeps weights in. Reading them is what limits how fast text is written,
 * so half of the bytes are about twice the speed. On a processor that does {@link BFloat16#isFastOn
 * not multiply bfloat16} products are float32, of weights that are widened part by part.
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

    /** Returns whether products with the weights are bfloat16 on a device. */
    boolean computesInBFloat16(Device device) {
        return this != FP32 && BFloat16.isFastOn(device);
    }

    /** Converts the bias of a linear layer (out). */
    NDArray bias(NDArray array) {
        return this == FP32 ? array : BFloat16.from(array);
    }
}
