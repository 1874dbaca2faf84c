package org.djlgpt.io;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import java.util.function.Supplier;

/**
 * A tensor to be written, which need not exist before its turn comes.
 *
 * @param type the type of its elements
 * @param shape its shape
 * @param value gives it, of this type and shape; arrays that this makes are closed once the tensor
 *     is written
 */
public record TensorSource(DataType type, Shape shape, Supplier<NDArray> value) {

    /** Describes a tensor that is there. */
    static TensorSource of(String name, NDArray array) {
        if (array == null || array.isReleased()) {
            throw new IllegalArgumentException(
                    "Tensor '" + name + "' is missing or closed; write it before closing it");
        }
        return new TensorSource(array.getDataType(), array.getShape(), () -> array);
    }
}
