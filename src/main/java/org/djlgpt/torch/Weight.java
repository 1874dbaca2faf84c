package org.djlgpt.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;

/**
 * The weight (out, in) of a linear layer or the rows of an embedding, as {@link DecoderKernel}
 * reads it: in float32, in bfloat16, or as int8 numbers with one scale for each row.
 *
 * @param value the numbers
 * @param scale what to multiply each row of int8 numbers with (out), bfloat16; the value itself
 *     where there are no scales
 */
public record Weight(NDArray value, NDArray scale) {

    /**
     * Takes a float32 array as it is.
     *
     * @param array an array (out, in); no copy is made
     * @return the weight
     */
    public static Weight float32(NDArray array) {
        return new Weight(array, array);
    }

    /**
     * Rounds to bfloat16.
     *
     * @param array a float32 array (out, in)
     * @return the weight, in the same order as the array
     * @throws IllegalArgumentException if the array is of another engine, type or rank, or closed
     */
    public static Weight bfloat16(NDArray array) {
        try (Recording off = Recording.off()) {
            return float32(BFloat16.from(array));
        }
    }

    /**
     * Rounds to bfloat16 and puts the numbers in the order in which the processor multiplies
     * fastest, where there is such an order and {@link BFloat16#isFastOn the processor has the
     * type}. Only linear layers take the result.
     *
     * @param array a float32 array (out, in)
     * @return the weight
     * @throws IllegalArgumentException if the array is of another engine, type or rank, or closed
     */
    public static Weight packedBFloat16(NDArray array) {
        try (Recording off = Recording.off();
                NDArray rounded = BFloat16.from(array)) {
            Argument argument = Argument.of("Weight.packedBFloat16", "array", rounded).rank(2);
            String order = BFloat16.isFastOn(array.getDevice()) ? "pack" : "to_bfloat16";
            return float32(TorchScript.kernels().call(order, argument.array()));
        }
    }

    /**
     * Rounds each row to 255 steps between its greatest absolute number and the negative of that.
     *
     * @param array a float32 array (out, in)
     * @return the weight
     * @throws IllegalArgumentException if the array is of another engine, type or rank, or closed
     */
    public static Weight int8(NDArray array) {
        Argument argument = Argument.of("Weight.int8", "array", array).rank(2).floatingPoint();
        try (Recording off = Recording.off()) {
            NDList parts = TorchScript.kernels().callForList("quantize", argument.array());
            return new Weight(parts.get(0), parts.get(1));
        }
    }
}
