package org.djlgpt.torch;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtEngine;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The device to compute on where a program names none: {@code java -Ddjlgpt.device=gpu1 ...}. The
 * command, the benchmark's processes, the notebooks and the tests ask here, so that one property
 * moves any of them. What is made by {@code NDManager.newBaseManager()} follows DJL alone, which
 * takes a GPU where there is one.
 */
public final class ComputeDevice {

    /**
     * The system property with the name of a device: {@code cpu}, {@code gpu} or {@code gpu0},
     * {@code gpu1}, and so on, or {@code auto}, which is the default and DJL's choice.
     */
    public static final String PROPERTY = "djlgpt.device";

    private static final String AUTO = "auto";
    private static final Pattern GPU = Pattern.compile("gpu(\\d{0,3})");

    private ComputeDevice() {}

    /**
     * Returns the device that the system property names.
     *
     * @return that device; without the property, or for {@code auto}, a GPU where there is one that
     *     the engine can use, or else the CPU
     * @throws IllegalArgumentException if the property names no device, or one that is not there
     */
    public static Device get() {
        String name = System.getProperty(PROPERTY, AUTO);
        return name.equals(AUTO) ? engine().defaultDevice() : named("-D" + PROPERTY + "=", name);
    }

    /**
     * Returns the device of a name.
     *
     * @param option what the name was given to, such as {@code "--device "}, for messages
     * @param name a name as the system property takes it
     * @return the device; for {@code auto} what {@link #get} gives
     * @throws IllegalArgumentException if it is the name of no device, or of one that is not there
     */
    public static Device named(String option, String name) {
        if (name.equals(AUTO)) {
            return get();
        }
        if (name.equals("cpu")) {
            return Device.cpu();
        }
        Matcher gpu = GPU.matcher(name);
        if (!gpu.matches()) {
            throw new IllegalArgumentException(
                    "%s%s is unknown; use auto, cpu, gpu or gpu0, gpu1, .."
                            .formatted(option, name));
        }
        int index = gpu.group(1).isEmpty() ? 0 : Integer.parseInt(gpu.group(1));
        int gpus = gpus();
        if (index >= gpus) {
            throw new IllegalArgumentException(
                    "%s%s is not there: %d GPUs found; use %s"
                            .formatted(
                                    option,
                                    name,
                                    gpus,
                                    gpus == 0 ? "cpu" : "gpu0 to gpu" + (gpus - 1)));
        }
        return Device.gpu(index);
    }

    /**
     * Returns the name of a device.
     *
     * @param device a device
     * @return the name as the system property takes it
     */
    public static String name(Device device) {
        return device.isGpu() ? "gpu" + device.getDeviceId() : device.getDeviceType();
    }

    /**
     * Makes a manager on the device that the system property names.
     *
     * @return a manager of the PyTorch engine, to be closed by the caller
     * @throws IllegalArgumentException as {@link #get}
     */
    public static NDManager newManager() {
        return NDManager.newBaseManager(get(), PtEngine.ENGINE_NAME);
    }

    /**
     * Waits until a device has done all that it was asked to do. A GPU computes while the program
     * goes on, so that the time of a call says nothing; a CPU is always done.
     *
     * @param manager a manager on the device; nothing is left in it
     */
    public static void await(NDManager manager) {
        if (manager.getDevice().isGpu()) {
            try (NDManager brief = manager.newSubManager()) {
                brief.ones(new Shape(1)).toFloatArray(); // a copy to the host comes last
            }
        }
    }

    /**
     * Copies whole numbers to the host. Behind DJL's own {@code toLongArray} a copy of a GPU's
     * array stays with the array's manager; this leaves nothing.
     *
     * @param numbers an array of type INT32 or INT64
     * @return the numbers in their order
     */
    public static long[] read(NDArray numbers) {
        try (NDScope scope = new NDScope()) {
            return numbers.getDataType() == DataType.INT64
                    ? numbers.toLongArray()
                    : IntStream.of(numbers.toIntArray()).asLongStream().toArray();
        }
    }

    /** A machine may have GPUs that the build of libtorch knows nothing of. */
    private static int gpus() {
        return engine().hasCapability(StandardCapabilities.CUDA) ? engine().getGpuCount() : 0;
    }

    private static Engine engine() {
        return Engine.getEngine(PtEngine.ENGINE_NAME);
    }
}
