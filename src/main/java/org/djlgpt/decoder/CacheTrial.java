package org.djlgpt.decoder;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.FloatType;
import org.djlgpt.torch.Kernels;
import org.djlgpt.torch.Recording;

/**
 * A race of two caches for the attention of one token. Half of the bytes are read in less time by
 * some processors, and are widened in several times the time by others.
 */
final class CacheTrial {

    private static final int ROUNDS = 7;
    private static final int LENGTH = 512;
    private static final Shape TOKENS = new Shape(4, 12, 1, 64); // (B, H, 1, D)

    private final NDArray token;
    private final NDArray cache; // (2, B, H, LENGTH, D)
    private long least = Long.MAX_VALUE; // nanoseconds

    private CacheTrial(FloatType type, NDManager manager) {
        token = type.from(manager.ones(TOKENS));
        Shape shape = new Shape(2, TOKENS.get(0), TOKENS.get(1), LENGTH, TOKENS.get(3));
        cache = type.from(manager.ones(shape));
    }

    /** Returns whether the processor attends to bfloat16 at least as fast as to float32. */
    static boolean prefersBFloat16() {
        try (Recording off = Recording.off();
                NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            CacheTrial narrow = new CacheTrial(FloatType.BFLOAT16, manager);
            CacheTrial wide = new CacheTrial(FloatType.FLOAT32, manager);
            for (int round = 0; round < ROUNDS; round++) {
                narrow.run();
                wide.run();
            }
            return narrow.least <= wide.least;
        }
    }

    private void run() {
        long start = System.nanoTime();
        Kernels.cachedAttention(token, token, token, cache, LENGTH - 1, LENGTH).close();
        least = Math.min(least, System.nanoTime() - start);
    }
}
