package org.djlgpt.training;

import java.io.IOException;

/** Decides what happens when a listener or the checkpoint of a {@link TrainingLoop} can't write. */
@FunctionalInterface
public interface WriteFailureHandler {

    /**
     * Hears of the failure. If this returns, the training goes on.
     *
     * @param failure what went wrong
     * @throws IOException to stop the training, usually the failure itself
     */
    void onFailure(IOException failure) throws IOException;
}
