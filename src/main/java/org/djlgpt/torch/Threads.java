package org.djlgpt.torch;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;

/**
 * How many threads an operator is spread over on a CPU (<a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.set_num_threads.html">torch.set_num_threads</a>).
 * libtorch takes all processors of the machine; where a process may use only some of them, as in a
 * container, its threads then wait for each other.
 */
public final class Threads {

    /**
     * The most threads that can be asked for; libgomp ends the process where it can't have them.
     */
    public static final int MOST = 1024;

    private Threads() {}

    /**
     * Sets the number for what this thread computes from now on.
     *
     * @param count from 1 to 1024; more than there are processors only makes them wait
     * @throws IllegalArgumentException if it lies outside
     */
    public static void use(int count) {
        if (count < 1 || count > MOST) {
            throw new IllegalArgumentException(
                    "threads=%d must lie in 1 to %d; use %d, the processors of this process"
                            .formatted(count, MOST, Runtime.getRuntime().availableProcessors()));
        }
        if (isTorch()) {
            JniUtils.setNumThreads(count);
        }
    }

    /**
     * Returns the number for what this thread computes.
     *
     * @return at least 1; 1 with another engine, where it is not known
     */
    public static int count() {
        return isTorch() ? JniUtils.getNumThreads() : 1;
    }

    private static boolean isTorch() {
        return Engine.getInstance().getEngineName().equals("PyTorch");
    }
}
