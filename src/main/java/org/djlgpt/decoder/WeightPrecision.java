package org.djlgpt.decoder;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;

import org.djlgpt.torch.FloatType;

import java.util.List;

/**
 * What a {@link GptDecoder} keeps weights in. Reading them is what limits how fast text is written,
 * so half of the bytes are about twice the speed. On a processor that does {@link
 * FloatType#isFastOn not multiply} numbers of 16 bits products are float32, of weights that are
 * widened part by part, or {@link LinearKernel#DYNAMIC}.
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

    /**
     * Whole numbers of 8 bits and a scale for each output channel; products in bfloat16, or of
     * {@link LinearKernel#DYNAMIC whole numbers} where these are faster.
     */
    INT8(FloatType.BFLOAT16, LinearKernel.PACKED, LinearKernel.WIDENED, LinearKernel.DYNAMIC),

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

    /** Returns the kernels that a device has. */
    List<LinearKernel> kernelsOf(Device device) {
        return kernels.stream().filter(kernel -> has(device, kernel)).toList();
    }

    /** Asks once, at the first use. */
    private static final class Processor {

        static final boolean HAS_INT8 = hasInt8();

        private static boolean hasInt8() {
            try {
                return DecoderKernel.script().test("has_int8");
            } catch (EngineException e) { // oneDNN has no such product here
                return false;
            }
        }
    }

    private boolean has(Device device, LinearKernel kernel) {
        return switch (kernel) {
            case PLAIN, WIDENED -> true;
            case SPLIT -> !device.isGpu();
            case PACKED -> !device.isGpu() || isWhole();
            case DYNAMIC -> !device.isGpu() && Processor.HAS_INT8;
        };
    }

    /** Returns the kernels that are worth trying on a device, the usual one first. */
    List<LinearKernel> kernels(Device device) {
        List<LinearKernel> fast =
                kernelsOf(device).stream().filter(k -> computesIn(k).isFastOn(device)).toList();
        return device.isGpu() ? fast.subList(0, 1) : fast;
    }

    /** Returns the type of what layers take and give. */
    FloatType computesIn(LinearKernel kernel) {
        return kernel == LinearKernel.WIDENED || kernel == LinearKernel.DYNAMIC
                ? FloatType.FLOAT32
                : type;
    }

    /** Returns the type of keys and values that are kept. */
    FloatType cachesIn(LinearKernel kernel, Device device) {
        if (device.isGpu()) {
            return computesIn(kernel);
        }
        boolean narrow =
                type == FloatType.BFLOAT16 && type.isFastOn(device) && CacheTrial.PREFERS_BFLOAT16;
        return narrow ? FloatType.BFLOAT16 : FloatType.FLOAT32;
    }

    /** Returns how much is read for a weight of a layer, at most. */
    int bytes() {
        return isWhole() ? 1 : type.bytes();
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
        if (kernel == LinearKernel.DYNAMIC) {
            return Weight.dynamic(array);
        }
        return isWhole() || kernel != LinearKernel.PACKED
                ? rows(array)
                : Weight.packed(type, array);
    }

    /** Converts the weight of the output layer (V, E). */
    Weight head(NDArray array, LinearKernel kernel) {
        return this == INT4 ? rows(array) : matrix(array, kernel);
    }

    /** Returns whether a weight of the output layer can't be an embedding, too. */
    boolean rearranges(LinearKernel kernel) {
        return switch (kernel) {
            case PLAIN, WIDENED -> false;
            case PACKED -> !isWhole();
            case SPLIT, DYNAMIC -> true;
        };
    }

    /**
     * Converts the bias of a linear layer (out); only for float32 weights it is the array itself.
     */
    NDArray bias(NDArray array, LinearKernel kernel) {
        boolean copied = this != FP32 && computesIn(kernel) == FloatType.FLOAT32;
        return copied ? array.duplicate() : computesIn(kernel).from(array);
    }

    private boolean isWhole() {
        return this == INT8 || this == INT4;
    }
}
