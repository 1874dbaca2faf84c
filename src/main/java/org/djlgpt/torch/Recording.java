package org.djlgpt.torch;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.JniUtils;

/**
 * A scope in which operators on this thread record what a backward pass needs, or do not: {@code
 * try (Recording off = Recording.off()) { ... }}.
 *
 * <p>libtorch keeps the setting for each thread, on by default; DJL turns it off only on the thread
 * that loads the engine. Recording without need costs memory, not correctness. Unlike DJL's
 * gradient collector, of which one may be open in the process, any number of threads can record at
 * once. With another engine the scope does nothing (<a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.set_grad_enabled.html">torch.set_grad_enabled</a>).
 */
public final class Recording implements AutoCloseable {

    private final boolean known = Engine.getInstance().getEngineName().equals("PyTorch");
    private final boolean before = known && JniUtils.isGradMode();

    private Recording(boolean recording) {
        set(recording);
    }

    /**
     * Starts recording.
     *
     * @return the scope, to be closed by the same thread
     */
    public static Recording on() {
        return new Recording(true);
    }

    /**
     * Stops recording; what is computed in the scope has no gradient.
     *
     * @return the scope, to be closed by the same thread
     */
    public static Recording off() {
        return new Recording(false);
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

    /** Puts the setting back. */
    @Override
    public void close() {
        set(before);
    }

    private void set(boolean recording) {
        if (known) {
            JniUtils.setGradMode(recording);
        }
    }
}
