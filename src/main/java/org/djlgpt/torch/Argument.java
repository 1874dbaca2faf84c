package org.djlgpt.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An array handed to a kernel, and the checks that keep a wrong one out of native code.
 *
 * <p>Every check returns this argument or throws an {@link IllegalArgumentException} that names the
 * function, the argument, what it is and what it should be.
 */
public final class Argument {

    private final String function;
    private final String name;
    private final PtNDArray array;

    private Argument(String function, String name, PtNDArray array) {
        this.function = function;
        this.name = name;
        this.array = array;
    }

    /**
     * Accepts an open array of the PyTorch engine.
     *
     * @param function the function that takes the argument
     * @param name the parameter's name
     * @param array the array
     * @return the argument, for further checks
     * @throws IllegalArgumentException if it is none
     */
    public static Argument of(String function, String name, NDArray array) {
        if (!(array instanceof PtNDArray torchArray)) {
            throw new IllegalArgumentException(
                    "%s: %s is %s, but must be an array of the PyTorch engine"
                            .formatted(
                                    function,
                                    name,
                                    array == null ? "null" : array.getClass().getSimpleName()));
        }
        if (torchArray.isReleased()) {
            throw new IllegalArgumentException(
                    "%s: %s is closed; its manager or scope was closed too early"
                            .formatted(function, name));
        }
        return new Argument(function, name, torchArray);
    }

    /**
     * Accepts a list of open arrays of the PyTorch engine, all of one type.
     *
     * @param function the function that takes the argument
     * @param name the parameter's name
     * @param arrays the arrays, at least one
     * @param type their type
     * @return the arrays
     * @throws IllegalArgumentException if there is none, or one is not accepted
     */
    public static List<PtNDArray> list(
            String function, String name, List<? extends NDArray> arrays, DataType type) {
        if (arrays.isEmpty()) {
            throw new IllegalArgumentException(
                    "%s: %s is empty, but must have at least one array".formatted(function, name));
        }
        List<PtNDArray> accepted = new ArrayList<>(arrays.size());
        for (NDArray array : arrays) {
            if (array instanceof PtNDArray known
                    && !known.isReleased()
                    && known.getDataType() == type) {
                accepted.add(known);
            } else {
                String element = name + "[" + accepted.size() + "]";
                accepted.add(of(function, element, array).type(type).array()); // says what is wrong
            }
        }
        return accepted;
    }

    /**
     * Returns the array, for {@link TorchScript#call}.
     *
     * @return the accepted array
     */
    public PtNDArray array() {
        return array;
    }

    /**
     * Returns the size of an axis.
     *
     * @param axis the axis, from 0
     * @return its size
     */
    public long size(int axis) {
        return array.getShape().get(axis);
    }

    /**
     * Accepts a number of dimensions only.
     *
     * @param rank the number
     * @return this argument
     */
    public Argument rank(int rank) {
        Shape shape = array.getShape();
        if (shape.dimension() != rank) {
            throw wrong("shape", shape, "%d dimensions".formatted(rank));
        }
        return this;
    }

    /**
     * Accepts a shape only.
     *
     * @param sizes the sizes of its axes
     * @return this argument
     */
    public Argument shape(long... sizes) {
        Shape shape = array.getShape();
        if (!Arrays.equals(shape.getShape(), sizes)) {
            throw wrong("shape", shape, new Shape(sizes).toString());
        }
        return this;
    }

    /**
     * Accepts a size of the last axis only.
     *
     * @param size the size
     * @return this argument
     */
    public Argument lastAxis(long size) {
        Shape shape = array.getShape();
        boolean fits = shape.dimension() > 0 && shape.get(shape.dimension() - 1) == size;
        if (!fits) {
            throw wrong("shape", shape, "a last axis of " + size);
        }
        return this;
    }

    /**
     * Accepts sizes of the last axes only.
     *
     * @param sizes the sizes
     * @return this argument
     */
    public Argument lastAxes(long... sizes) {
        Shape shape = array.getShape();
        int first = shape.dimension() - sizes.length;
        Shape expected = new Shape(sizes);
        boolean fits = first >= 0 && shape.slice(first).equals(expected);
        if (!fits) {
            throw wrong("shape", shape, "last axes of " + expected);
        }
        return this;
    }

    /**
     * Accepts some types only.
     *
     * @param accepted the types
     * @return this argument
     */
    public Argument type(DataType... accepted) {
        DataType type = array.getDataType();
        if (!List.of(accepted).contains(type)) {
            throw wrong("type", typeName(type), names(accepted));
        }
        return this;
    }

    /**
     * Accepts an array with elements only.
     *
     * @return this argument
     */
    public Argument notEmpty() {
        Shape shape = array.getShape();
        if (shape.size() == 0) {
            throw wrong("shape", shape, "at least one element");
        }
        return this;
    }

    /**
     * Accepts an axis whose size divides the other argument's.
     *
     * @param axis the axis, from 0
     * @param other the other argument
     * @return this argument
     */
    public Argument divides(int axis, Argument other) {
        boolean fits = size(axis) > 0 && other.size(axis) % size(axis) == 0;
        if (!fits) {
            String expected = "a divisor of %d on axis %d".formatted(other.size(axis), axis);
            throw wrong("shape", array.getShape(), expected);
        }
        return this;
    }

    /**
     * Accepts an axis that has room for so many elements from a place on.
     *
     * @param axis the axis, from 0
     * @param from the place
     * @param count how many elements
     * @return this argument
     */
    public Argument room(int axis, long from, long count) {
        boolean fits = from >= 0 && from + count <= size(axis);
        if (!fits) {
            String expected = from + " + " + count + " places on axis " + axis;
            throw wrong("shape", array.getShape(), expected);
        }
        return this;
    }

    /**
     * Accepts the types that layers compute in.
     *
     * @return this argument
     */
    public Argument floatingPoint() {
        return type(DataType.FLOAT32, BFloat16.DATA_TYPE);
    }

    /**
     * Accepts the types that {@link FloatType products} are computed in.
     *
     * @return this argument
     */
    public Argument anyFloatingPoint() {
        return type(DataType.FLOAT32, DataType.FLOAT16, BFloat16.DATA_TYPE);
    }

    /**
     * Accepts the other argument's type and device only.
     *
     * @param other the other argument
     * @return this argument
     */
    public Argument like(Argument other) {
        type(other.array.getDataType());
        return onDeviceOf(other);
    }

    /**
     * Accepts the other argument's shape, type and device only.
     *
     * @param other the other argument
     * @return this argument
     */
    public Argument sameAs(Argument other) {
        return shape(other.array.getShape().getShape()).like(other);
    }

    /**
     * Accepts the other argument's device only.
     *
     * @param other the other argument
     * @return this argument
     */
    public Argument onDeviceOf(Argument other) {
        if (!array.getDevice().equals(other.array.getDevice())) {
            String expected = other.array.getDevice() + " as " + other.name;
            throw wrong("device", array.getDevice(), expected);
        }
        return this;
    }

    private IllegalArgumentException wrong(String property, Object actual, String expected) {
        return new IllegalArgumentException(
                "%s: %s has %s %s, but must have %s"
                        .formatted(function, name, property, actual, expected));
    }

    private static String names(DataType... types) {
        return String.join(" or ", List.of(types).stream().map(Argument::typeName).toList());
    }

    private static String typeName(DataType type) {
        return type == BFloat16.DATA_TYPE ? "bfloat16" : type.toString();
    }
}
