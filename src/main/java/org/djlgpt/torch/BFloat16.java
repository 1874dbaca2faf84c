package org.djlgpt.torch;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.util.cuda.CudaUtils;

/**
 * The conversions to and from bfloat16: float32's range with 8 bits of precision, in half the
 * memory.
 *
 * <p>DJL 0.36 can hold and pass on an array of this type, but not name it: {@link
 * NDArray#getDataType()} gives {@link DataType#UNKNOWN}, and its own {@code
 * toType(DataType.BFLOAT16, ...)} ends the process. Convert with these methods only, and convert to
 * float32 before the elements are read in Java.
 *
 * <p>Many processors can hold this type and not multiply it: libtorch then takes up to a hundred
 * times as long as in float32. {@link #isFastOn} tells; where it is false, a decoder multiplies in
 * float32 whatever its weights are kept in, and a training is refused. Give the JVM {@code
 * -Ddjlgpt.bfloat16=true} to compute in bfloat16 in any case, or {@code false} to take a processor
 * for one without.
 */
public final class BFloat16 {

    /** Bytes of an element. */
    public static final int BYTES = 2;

    /** What DJL calls the type of such an array. */
    static final DataType DATA_TYPE = DataType.UNKNOWN;

    private static final String PROPERTY = "djlgpt.bfloat16";

    /** The compute capability of the first generation of GPUs that has it, times 10. */
    private static final int AMPERE = 80;

    private BFloat16() {}

    /** Asks once, at the first use. */
    private static final class Processor {

        static final boolean HAS_BFLOAT16 =
                System.getProperty(PROPERTY) == null
                        ? TorchScript.kernels().test("has_bfloat16")
                        : Boolean.getBoolean(PROPERTY);
    }

    /**
     * Returns whether matrices of this type are worth multiplying on a device. The answer is
     * libtorch's own and the same for as long as the process lives.
     *
     * @param device a device of the PyTorch engine
     * @return true for a GPU of compute capability 8.0 or more (Ampere), and for a processor with
     *     instructions for the type; the system property {@code djlgpt.bfloat16} decides for the
     *     processor if it is set, and for a GPU if it is {@code true}
     */
    public static boolean isFastOn(Device device) {
        return device.isGpu()
                ? Boolean.getBoolean(PROPERTY) || multiplies(device)
                : Processor.HAS_BFLOAT16;
    }

    private static boolean multiplies(Device gpu) {
        try {
            return Integer.parseInt(CudaUtils.getComputeCapability(gpu.getDeviceId())) >= AMPERE;
        } catch (IllegalStateException e) {
            return true; // there is no such GPU, so nothing will be slow on it
        }
    }

    /**
     * Refuses a device on which computing in this type would take many times as long as in float32.
     *
     * @param device a device of the PyTorch engine
     * @throws UnsupportedOperationException if it is one; the message says how to insist
     */
    public static void requireFastOn(Device device) {
        if (!isFastOn(device)) {
            String what =
                    device.isGpu()
                            ? ComputeDevice.name(device)
                            : "this processor, or libtorch's build for it,";
            throw new UnsupportedOperationException(
                    what
                            + " does not multiply bfloat16, which can take a hundred times as"
                            + " long as float32; compute in float32, or insist with -D"
                            + PROPERTY
                            + "=true");
        }
    }

    /**
     * Returns whether an array holds bfloat16 elements.
     *
     * @param array any array
     * @return whether it was made by {@link #from} or by a kernel that computes in bfloat16
     */
    public static boolean is(NDArray array) {
        return array instanceof PtNDArray && array.getDataType() == DATA_TYPE;
    }

    /**
     * Rounds an array to bfloat16. The gradient flows back in float32.
     *
     * @param array a float32 or bfloat16 array of any shape; bfloat16 is returned as a second
     *     handle to the same elements
     * @return the rounded array, of the same shape
     * @throws IllegalArgumentException if the array is of another engine or type, or closed
     */
    public static NDArray from(NDArray array) {
        Argument argument = Argument.of("BFloat16.from", "array", array).floatingPoint();
        return TorchScript.kernels().call("to_bfloat16", argument.array());
    }

    /**
     * Widens an array if it holds bfloat16 elements.
     *
     * @param array any array
     * @return what {@link #toFloat32} gives, or the array itself if it holds other elements
     */
    public static NDArray widen(NDArray array) {
        return is(array) ? toFloat32(array) : array;
    }

    /**
     * Widens an array to float32, which is exact. The gradient flows back in bfloat16.
     *
     * @param array a bfloat16 or float32 array of any shape; float32 is returned as a second handle
     *     to the same elements
     * @return the float32 array, of the same shape
     * @throws IllegalArgumentException if the array is of another engine or type, or closed
     */
    public static NDArray toFloat32(NDArray array) {
        Argument argument = Argument.of("BFloat16.toFloat32", "array", array).floatingPoint();
        return TorchScript.kernels().call("to_float32", argument.array());
    }
}
