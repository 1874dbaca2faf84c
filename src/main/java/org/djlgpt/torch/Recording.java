package org.djlgpt.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.JniUtils;

import java.util.function.Supplier;

/**
 * Whether operators on this thread record what a backward pass needs.
 *
 * <p>libtorch keeps the setting for each thread, on by default; DJL turns it off only on the thread
 * that loads the engine. Recording without need costs memory, not correctness. Unlike DJL's
 * gradient collector, of which one may be open in the process, any number of threads can record at
 * once.
 */
public final class Recording {

    private Recording() {}

    /**
     * Runs a computation with recording on and puts the setting back.
     *
     * @param <T> what the computation returns
     * @param computation the computation
     * @return its result
     */
    public static <T> T on(Supplier<T> computation) {
        return with(true, computation);
    }

    /**
     * Runs a computation with recording off and puts the setting back. What it returns has no
     * gradient.
     *
     * @param <T> what the computation returns
     * @param computation the computation
     * @return its result
     */
    public static <T> T off(Supplier<T> computation) {
        return with(false, computation);
    }

    /**
     * Returns whether a backward pass can go through an array. (DJL's {@code hasGradient()} says
     * yes for parameters only, not for what is computed from them.)
     *
     * @param array an array of the PyTorch engine
     * @return whether it requires gradients or was computed, with recording on, from one that does
     * @throws IllegalArgumentException if the array is of another engine or closed
     */
    public static boolean includes(NDArray array) {
        Argument argument = Argument.of("Recording.includes", "array", array);
        return TorchScript.kernels().test("is_recorded", argument.array());
    }

    private static <T> T with(boolean recording, Supplier<T> computation) {
        boolean before = JniUtils.isGradMode();
        JniUtils.setGradMode(recording);
        try {
            return computation.get();
        } finally {
            JniUtils.setGradMode(before);
        }
    }
}
