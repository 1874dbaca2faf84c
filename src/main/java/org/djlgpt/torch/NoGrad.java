package org.djlgpt.torch;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;

/**
 * A scope in which this thread records no gradients, as <a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html">torch.no_grad</a>:
 * {@code try (NoGrad scope = new NoGrad()) { ... }}.
 *
 * <p>DJL's PyTorch engine switches recording off only on the thread that loaded it; on any other, a
 * forward pass without this scope builds a graph that nobody needs. With another engine the scope
 * does nothing.
 */
public final class NoGrad implements AutoCloseable {

    private final boolean wasRecording;

    /** Stops recording on this thread until the scope is closed. */
    public NoGrad() {
        wasRecording = isPyTorch() && JniUtils.isGradMode();
        if (wasRecording) {
            JniUtils.setGradMode(false);
        }
    }

    private static boolean isPyTorch() {
        return Engine.getInstance().getEngineName().equals("PyTorch");
    }

    /** Records again, if this thread did before. */
    @Override
    public void close() {
        if (wasRecording) {
            JniUtils.setGradMode(true);
        }
    }
}
