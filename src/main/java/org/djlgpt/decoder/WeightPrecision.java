package org.djlgpt.decoder;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;

import org.djlgpt.torch.FloatType;

import java.util.List;

/**
 * What a {@link GptDecoder} keeps weights in. Reading them is what limits how fast text is written,
 * so half of the bytes are about twice the speed. On a processor that does {@link
 * FloatType#isFastOn not multiply} numbers of 16 bits products are float32, of weights that are
 * widened part by part.
 */
public enum WeightPrecision {
    /** 32-bit floating point: the model's own parameters, no copy. */
    FP32(FloatType.FLOAT32, LinearKernel.PLAIN, LinearKernel.SPLIT),

    /** bfloat16: half of the memory; products in bfloat16. */
    BF16(FloatType.BFLOAT16, LinearKernel.PACKED, LinearKernel.PLAIN, LinearKernel.WIDENED),

    /**
     * float16: half of the memory, nearer to float32 than bfloat16; products in float16, which ends
     * at 65504.
     */
    FP16(FloatType.FLOAT16, LinearKernel.PACKED, LinearKernel.PLAIN, LinearKernel.WIDENED),

    /** Whole numbers of 8 bits and a scale for each output channel; products in bfloat16. */
    INT8(FloatType.BFLOAT16, LinearKernel.PACKED, LinearKernel.WIDENED),

    /**
     * Whole numbers of 4 bits, with a bfloat16 scale and a zero point for each group of 32 inputs,
     * so 5 bits a weight; products in bfloat16. The embedding and the output layer are {@link
     * #INT8}, and so are layers whose inputs are no multiple of 32 or outputs none of 64.
     */
    INT4(FloatType.BFLOAT16, LinearKernel.PACKED, LinearKernel.WIDENED);

    private final FloatType type;
    private final List<LinearKernel> kernels;

    WeightPrecision(FloatType type, LinearKernel... kernels) {
        this.type = type;
        this.kernels = List.of(kernels);
    }

    /** Returns the kernels that know such weights. */
    List<LinearKernel> kernels() {
        return kernels;
    }

    /** Returns the kernels that a device has; a GPU knows no order of 16 bits but the plain one. */
    List<LinearKernel> kernelsOf(Device device) {
        return device.isGpu() && kernels.contains(LinearKernel.PLAIN)
                ? kernels.stream().filter(kernel -> !isOfProcessors(kernel)).toList()
                : kernels;
    }

    private static boolean isOfProcessors(LinearKernel kernel) {
        return kernel == LinearKernel.PACKED || kernel == LinearKernel.SPLIT;
    }

    /** Returns the kernels that are worth trying on a device, the usual one first. */
    List<LinearKernel> kernels(Device device) {
        if (!type.isFastOn(device)) {
            return List.of(LinearKernel.WIDENED);
        }
        return device.isGpu() ? kernelsOf(device).subList(0, 1) : kernels;
    }

    /** Returns the type of products. */
    FloatType computesIn(LinearKernel kernel) {
        return kernel == LinearKernel.WIDENED ? FloatType.FLOAT32 : type;
    }

    /** Converts the rows of an embedding (V, E). */
    Weight rows(NDArray array) {
        return isWhole() ? Weight.int8(array) : Weight.of(type.from(array));
    }

    /** Converts the weight of a linear layer (out, in). */
    Weight matrix(NDArray array, LinearKernel kernel) {
        if (this == INT4 && Weight.hasGroups(array.getShape())) {
            return Weight.int4(array);
        }
        if (kernel == LinearKernel.SPLIT) {
            return Weight.split(array);
        }
        return isWhole() || kernel != LinearKernel.PACKED
                ? rows(array)
                : Weight.packed(type, array);
    }

    /** Converts the weight of the output layer (V, E). */
    Weight head(NDArray array, LinearKernel kernel) {
        return isWhole() ? rows(array) : matrix(array, kernel);
    }

    /** Returns whether a weight of the output layer can't be an embedding, too. */
    boolean rearranges(LinearKernel kernel) {
        return isOfProcessors(kernel) && !isWhole();
    }

    /** Converts the bias of a linear layer (out). */
    NDArray bias(NDArray array) {
        return type.from(array);
    }

    private boolean isWhole() {
        return this == INT8 || this == INT4;
    }
}
