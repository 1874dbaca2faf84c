package org.djlgpt.model;

import ai.djl.ndarray.NDArray;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.Weight;

/**
 * What a {@link GptDecoder} keeps weights in. Reading them is what limits how fast text is written,
 * so half of the bytes are about twice the speed.
 */
public enum WeightPrecision {
    /** 32-bit floating point: the model's own parameters, no copy. */
    FP32 {
        @Override
        Weight rows(NDArray array) {
            return Weight.float32(array);
        }

        @Override
        Weight matrix(NDArray array) {
            return Weight.float32(array);
        }
    },

    /** bfloat16: half of the memory; products in bfloat16. */
    BF16 {
        @Override
        Weight rows(NDArray array) {
            return Weight.bfloat16(array);
        }

        @Override
        Weight matrix(NDArray array) {
            return Weight.packedBFloat16(array);
        }
    },

    /** Whole numbers of 8 bits and a scale for each output channel; products in bfloat16. */
    INT8 {
        @Override
        Weight rows(NDArray array) {
            return Weight.int8(array);
        }

        @Override
        Weight matrix(NDArray array) {
            return Weight.int8(array);
        }
    };

    /** Converts the rows of an embedding (V, E). */
    abstract Weight rows(NDArray array);

    /** Converts the weight of a linear layer (out, in). */
    abstract Weight matrix(NDArray array);

    /** Converts the bias of a linear layer (out) to the type that the layer computes in. */
    NDArray bias(NDArray array) {
        return this == FP32 ? array : BFloat16.from(array);
    }
}
