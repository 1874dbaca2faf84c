package org.djlgpt.cli.option;

import com.sun.management.OperatingSystemMXBean;

import org.djlgpt.model.GptConfig;

import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * Refuses what this machine's memory can't hold whatever happens, before native code tries. What it
 * lets pass may still be too much: it counts only what no implementation can do without.
 *
 * @param bytes the memory
 */
public record MemoryLimit(double bytes) {

    private static final double GIB = 1L << 30;

    /**
     * Returns the memory of this machine, or of the container that the process is in.
     *
     * @return all of it
     */
    public static MemoryLimit ofMachine() {
        return new MemoryLimit(
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
                                    + " %,.1f GiB of memory, but this machine has %.1f; choose a"
                                    + " smaller %s",
                            size.parameterCount(),
                            windows,
                            size.contextLength(),
                            needed / GIB,
                            bytes / GIB,
                            remedy));
        }
    }
}
