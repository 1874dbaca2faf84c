package org.djlgpt.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.Argument;
import org.djlgpt.torch.FloatType;

/**
 * The weight (out, in) of a linear layer or the rows of an embedding, as a {@link DecoderKernel}
 * reads it: in float32 or 16 bits, as int8 numbers with one scale for each row, or as int4 numbers
 * with a scale and a zero point for each group of inputs.
 *
 * @param value the numbers
 * @param scale what to multiply each row of int8 numbers with (out), or groups of int4 numbers (in
 *     / 32, out, 2), bfloat16 if not said otherwise; the value itself where there are no scales
 */
record Weight(NDArray value, NDArray scale) {

    private static final int GROUP = 32;
    private static final int ROWS = 64; // that libtorch's product with int4 numbers reads at a time

    /** Takes numbers as they are, without a copy. */
    static Weight of(NDArray array) {
        return new Weight(array, array);
    }

    /** Marks numbers, without a copy, as those of {@link LinearKernel#SPLIT}: (1, out, in). */
    static Weight split(NDArray array) {
        return of(array.expandDims(0));
    }

    /**
     * Rounds to 16 bits and puts the numbers in the order in which the processor multiplies
     * fastest, where there is such an order. Only linear layers take the result.
     */
    static Weight packed(FloatType type, NDArray array) {
        try (NDArray rounded = type.from(array)) {
            Argument argument = Argument.of("pack", "array", rounded).rank(2);
            return of(DecoderKernel.script().call("pack", argument.array()));
        }
    }

    /**
     * Rounds each row to 255 steps between its greatest absolute number and the negative of that.
     */
    static Weight int8(NDArray array) {
        return quantized("quantize", array);
    }

    /**
     * The same in the order in which the processor multiplies whole numbers; scales are float32,
     * and those of an input of 127.
     */
    static Weight dynamic(NDArray array) {
        return quantized("quantize_packed", array);
    }

    /** Returns whether a weight is made of whole groups. */
    static boolean hasGroups(Shape shape) {
        return shape.get(0) % ROWS == 0 && shape.get(1) % GROUP == 0;
    }

    /** Rounds each group of inputs of a row to the best 16 steps. */
    static Weight int4(NDArray array) {
        return quantized("quantize_groups", array);
    }

    private static Weight quantized(String function, NDArray array) {
        Argument argument = Argument.of(function, "array", array).rank(2).floatingPoint();
        NDList parts = DecoderKernel.script().callForList(function, argument.array());
        return new Weight(parts.get(0), parts.get(1));
    }
}
