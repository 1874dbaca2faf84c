package org.djlgpt.cli;

import com.sun.management.OperatingSystemMXBean;

import org.djlgpt.model.GptConfig;

import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * Refuses what this machine's memory can't hold whatever happens, before native code tries. What it
 * lets pass may still be too much: it counts only what no implementation can do without.
 */
final class MemoryLimit {

    private static final double GIB = 1L << 30;
    private static final int FLOAT_BYTES = 4;
    private static final int TRAINING_COPIES = 4; // weights, gradients and AdamW's two moments
    private static final int SAVED_WIDTHS = 8; // of a layer, for the backward pass: of about 16

    private final double bytes;

    MemoryLimit(double bytes) {
        this.bytes = bytes;
    }

    /** Returns the memory of this machine, or of the container that the process is in. */
    static MemoryLimit ofMachine() {
        return new MemoryLimit(
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class)
                        .getTotalMemorySize());
    }

    /**
     * Checks a training.
     *
     * @param windows the number of windows in a forward pass
     * @throws IllegalArgumentException if it needs more
     */
    void requireTraining(GptConfig size, long windows) {
        double values =
                TRAINING_COPIES * parameters(size)
                        + SAVED_WIDTHS * (double) size.numLayers() * tokenWidths(size, windows);
        require(
                size,
                windows,
                values * FLOAT_BYTES,
                "--embedding-dim, --layers, --context-length or --batch-size");
    }

    /**
     * Checks a forward pass.
     *
     * @param windows the number of windows in it
     * @throws IllegalArgumentException if it needs more
     */
    void requireForward(GptConfig size, long windows) {
        double values = parameters(size) + SAVED_WIDTHS * tokenWidths(size, windows);
        require(size, windows, values * FLOAT_BYTES, "--batch-size");
    }

    private void require(GptConfig size, long windows, double needed, String remedy) {
        if (needed > bytes) {
            throw new IllegalArgumentException(
                    String.format(
                            Locale.ROOT,
                            "%,.0f parameters and batches of %,d windows of %,d tokens need at"
                                + " least %,.1f GiB of memory, but this machine has %.1f; choose a"
                                + " smaller %s",
                            parameters(size),
                            windows,
                            size.contextLength(),
                            needed / GIB,
                            bytes / GIB,
                            remedy));
        }
    }

    /** The matrices and embeddings; in floating point, which does not overflow. */
    private static double parameters(GptConfig size) {
        double width = size.embeddingDim();
        double perLayer = 12 * width * width;
        return perLayer * size.numLayers()
                + width * ((double) size.vocabSize() + size.contextLength());
    }

    private static double tokenWidths(GptConfig size, long windows) {
        return (double) windows * size.contextLength() * size.embeddingDim();
    }
}
