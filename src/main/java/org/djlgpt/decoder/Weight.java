package org.djlgpt.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;

import org.djlgpt.torch.Argument;
import org.djlgpt.torch.BFloat16;

/**
 * The weight (out, in) of a linear layer or the rows of an embedding, as a {@link DecoderKernel}
 * reads it: in float32, in bfloat16, or as int8 numbers with one scale for each row.
 *
 * @param value the numbers
 * @param scale what to multiply each row of int8 numbers with (out), bfloat16; the value itself
 *     where there are no scales
 */
record Weight(NDArray value, NDArray scale) {

    /** Takes a float32 array as it is, without a copy. */
    static Weight float32(NDArray array) {
        return new Weight(array, array);
    }

    /** Rounds to bfloat16. */
    static Weight bfloat16(NDArray array) {
        return float32(BFloat16.from(array));
    }

    /**
     * Rounds to bfloat16 and puts the numbers in the order in which the processor multiplies
     * fastest, where there is such an order and {@link BFloat16#isFastOn the processor has the
     * type}. Only linear layers take the result.
     */
    static Weight packedBFloat16(NDArray array) {
        if (!BFloat16.isFastOn(array.getDevice())) {
            return bfloat16(array);
        }
        try (NDArray rounded = BFloat16.from(array)) {
            Argument argument = Argument.of("pack", "array", rounded).rank(2);
            return float32(DecoderKernel.script().call("pack", argument.array()));
        }
    }

    /**
     * Rounds each row to 255 steps between its greatest absolute number and the negative of that.
     */
    static Weight int8(NDArray array) {
        Argument argument = Argument.of("quantize", "array", array).rank(2).floatingPoint();
        NDList parts = DecoderKernel.script().callForList("quantize", argument.array());
        return new Weight(parts.get(0), parts.get(1));
    }
}
