package org.djlgpt.cli.option;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;

import com.sun.management.OperatingSystemMXBean;

import org.djlgpt.model.GptConfig;
import org.djlgpt.torch.ComputeDevice;

import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * Refuses what a device's memory can't hold whatever happens, before native code tries. What it
 * lets pass may still be too much: it counts only what no implementation can do without.
 *
 * @param bytes the memory
 * @param owner what has it
 */
public record MemoryLimit(double bytes, String owner) {

    private static final double GIB = 1L << 30;

    /**
     * Makes a limit of this machine's.
     *
     * @param bytes the memory
     */
    public MemoryLimit(double bytes) {
        this(bytes, "this machine");
    }

    /**
     * Returns the memory of a GPU, or else of this machine or the container that the process is in.
     *
     * @param device the device
     * @return all of it
     */
    public static MemoryLimit of(Device device) {
        return device.isGpu()
                ? new MemoryLimit(
                        CudaUtils.getGpuMemory(device).getMax(), ComputeDevice.name(device))
                : new MemoryLimit(
                        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class)
                                .getTotalMemorySize());
    }

    /**
     * Checks a training.
     *
     * @param size of the model
     * @param windows the number of windows in a forward pass
     * @param trained how many numbers are trained
     * @throws IllegalArgumentException if it needs more
     */
    public void requireTraining(GptConfig size, long windows, long trained) {
        String remedy = "--embedding-dim, --layers, --context-length or --batch-size";
        require(size, windows, size.trainingBytes(windows, trained), remedy);
    }

    /**
     * Checks a forward pass.
     *
     * @param size of the model
     * @param windows the number of windows in it
     * @throws IllegalArgumentException if it needs more
     */
    public void requireForward(GptConfig size, long windows) {
        require(size, windows, size.inferenceBytes(windows), "--batch-size");
    }

    private void require(GptConfig size, long windows, double needed, String remedy) {
        if (needed > bytes) {
            throw new IllegalArgumentException(
                    String.format(
                            Locale.ROOT,
                            "%,d parameters and batches of %,d windows of %,d tokens need at least"
                                    + " %,.1f GiB of memory, but %s has %.1f; choose a"
                                    + " smaller %s",
                            size.parameterCount(),
                            windows,
                            size.contextLength(),
                            needed / GIB,
                            owner,
                            bytes / GIB,
                            remedy));
        }
    }
}
