package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * Numbers to multiply with where gradients are recorded.
 *
 * <p>{@code NDArray.mul(Number)}, {@code div} and {@code pow} of DJL 0.36 keep the number in memory
 * that the Java garbage collector frees as soon as the call returns, though autograd still reads it
 * in the backward pass: now and then a gradient is NaN. A number from here lives in the engine's
 * memory.
 */
public final class Scalar {

    private Scalar() {}

    /**
     * Makes a number.
     *
     * @param value the number
     * @param like the array that it will meet, whose manager owns it
     * @return an array without dimensions of type FLOAT32, which leaves the type of {@code like} as
     *     it is
     */
    public static NDArray of(double value, NDArray like) {
        return like.getManager().full(new Shape(), (float) value, DataType.FLOAT32);
    }
}
