package org.djlgpt.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.nn.Parameter;

import org.djlgpt.nn.Linear;
import org.djlgpt.torch.FloatType;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Hands parameters to a decoder's kernel in the precision that is asked for: in float32 themselves,
 * so that the kernel follows a training, and otherwise what it makes of them.
 */
final class WeightConverter {

    private final WeightPrecision precision;
    private final LinearKernel kernel;
    private final NDManager manager;

    /**
     * Prepares the conversion.
     *
     * @param manager owns what is converted
     */
    WeightConverter(WeightPrecision precision, LinearKernel kernel, NDManager manager) {
        this.precision = precision;
        this.kernel = kernel;
        this.manager = manager;
    }

    /** Returns the rows of an embedding (V, E). */
    Weight rows(Parameter parameter) {
        NDArray array = parameter.getArray();
        return owned(precision.rows(array), array);
    }

    /** Returns a weight (out, in) without a bias. */
    Weight matrix(Parameter parameter) {
        NDArray array = parameter.getArray();
        return owned(precision.matrix(array, kernel), array);
    }

    /** Returns the weight (V, E) of an output layer of its own, or one that is the embedding. */
    Weight head(Parameter parameter, boolean tied, Weight embedding) {
        NDArray array = parameter.getArray();
        return tied && !precision.rearranges(kernel)
                ? embedding
                : owned(precision.head(array, kernel), array);
    }

    /** Returns a float32 vector or table as it is. */
    NDArray array(Parameter parameter) {
        NDArray array = parameter.getArray();
        return precision == WeightPrecision.FP32 ? array : owned(array.duplicate(), array);
    }

    /** Returns the type that layers compute in. */
    FloatType computesIn() {
        return precision.computesIn(kernel);
    }

    /** Returns weight, bias and scale of a linear layer. */
    Stream<NDArray> linear(Linear layer) {
        Parameter bias = layer.bias();
        return affine(layer.weight().getArray(), bias == null ? null : bias.getArray());
    }

    /** Returns weight, bias and scale of layers of one input: of each, or if converted of one. */
    Stream<NDArray> sideBySide(Linear... layers) {
        if (precision == WeightPrecision.FP32) {
            return Stream.of(layers).flatMap(this::linear);
        }
        boolean biased = layers[0].bias() != null;
        return affine(joined(layers, Linear::weight), biased ? joined(layers, Linear::bias) : null);
    }

    private static NDArray joined(Linear[] layers, Function<Linear, Parameter> part) {
        List<NDArray> parts = Stream.of(layers).map(part).map(Parameter::getArray).toList();
        return NDArrays.concat(new NDList(parts));
    }

    private Stream<NDArray> affine(NDArray weight, NDArray bias) {
        Weight converted = owned(precision.matrix(weight, kernel), weight);
        NDArray added =
                bias == null ? converted.value() : owned(precision.bias(bias, kernel), bias);
        return Stream.of(converted.value(), added, converted.scale());
    }

    private Weight owned(Weight weight, NDArray source) {
        return new Weight(owned(weight.value(), source), owned(weight.scale(), source));
    }

    /** Keeps what was made here until the decoder is closed; parameters are the model's. */
    private NDArray owned(NDArray array, NDArray source) {
        if (array != source) {
            array.attach(manager);
            NDScope.unregister(array);
        }
        return array;
    }
}
