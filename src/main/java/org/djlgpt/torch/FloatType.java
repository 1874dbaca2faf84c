package org.djlgpt.torch;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;

/** The types that products are computed in. */
public enum FloatType {
    /** 32 bits: what models are kept in. */
    FLOAT32(6, 4),

    /** 16 bits with 8 of precision and float32's range, see {@link BFloat16}. */
    BFLOAT16(15, 2),

    /** 16 bits with 11 of precision; numbers beyond 65504 are infinite. */
    FLOAT16(5, 2);

    private final long code;
    private final int bytes;

    FloatType(long code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    /** Asks once, at the first use. */
    private static final class Processor {

        static final boolean HAS_FLOAT16 =
                BFloat16.isFastOn(Device.cpu()) && TorchScript.kernels().test("has_float16");
    }

    /**
     * Returns what TorchScript calls the type.
     *
     * @return the number of the type
     */
    public long code() {
        return code;
    }

    /**
     * Returns the size of a number.
     *
     * @return 2 or 4
     */
    public int bytes() {
        return bytes;
    }

    /**
     * Returns whether matrices of this type are worth multiplying on a device, which for 16 bits
     * means faster than float32. A processor that is {@link BFloat16#isFastOn taken for one without
     * bfloat16} is taken for one without float16, too.
     *
     * @param device a device of the PyTorch engine
     * @return true for float32 and for a GPU; otherwise libtorch's own answer
     */
    public boolean isFastOn(Device device) {
        return switch (this) {
            case FLOAT32 -> true;
            case BFLOAT16 -> BFloat16.isFastOn(device);
            case FLOAT16 -> device.isGpu() || Processor.HAS_FLOAT16;
        };
    }

    /**
     * Rounds a float32 array to this type.
     *
     * @param array a float32 array of any shape
     * @return the rounded array; for float32 the array itself
     * @throws IllegalArgumentException if the array is of another engine or type, or closed
     */
    public NDArray from(NDArray array) {
        return switch (this) {
            case FLOAT32 -> array;
            case BFLOAT16 -> BFloat16.from(array);
            case FLOAT16 -> array.toType(DataType.FLOAT16, false);
        };
    }
}
