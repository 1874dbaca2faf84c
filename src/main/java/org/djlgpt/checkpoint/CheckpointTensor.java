package org.djlgpt.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import java.util.ArrayList;
import java.util.List;

/**
 * A tensor as a file stores it, and the parameters that it is made of.
 *
 * @param name the tensor's name, without its format's prefix
 * @param parts the parameters whose values stand side by side along the last axis
 * @param transposed whether the tensor is (in, out) and a parameter (out, in)
 */
record CheckpointTensor(String name, List<Parameter> parts, boolean transposed) {

    /** A tensor that is a parameter as it is. */
    static CheckpointTensor plain(String name, Parameter parameter) {
        return new CheckpointTensor(name, List.of(parameter), false);
    }

    /** Returns the tensor's shape in the file. */
    Shape shape() {
        Shape part = parts.get(0).getShape();
        Shape single = transposed ? new Shape(part.get(1), part.get(0)) : part;
        int last = single.dimension() - 1;
        return single.slice(0, last).add(single.get(last) * parts.size());
    }

    /** Returns the tensor's value, made from those of its parameters. */
    NDArray join() {
        NDList values = new NDList();
        for (Parameter part : parts) {
            values.add(transposed ? part.getArray().transpose() : part.getArray());
        }
        return values.size() == 1 ? values.head() : NDArrays.concat(values, -1);
    }

    /** Returns whether the tensor is anything but its one parameter. */
    boolean isRearranged() {
        return transposed || parts.size() > 1;
    }

    /** Returns views of the tensor as the values of the parameters, in their order. */
    List<NDArray> split(NDArray tensor) {
        List<NDArray> values = new ArrayList<>();
        int last = tensor.getShape().dimension() - 1;
        for (NDArray part : tensor.split(parts.size(), last)) {
            values.add(transposed ? part.transpose() : part);
        }
        return values;
    }
}
