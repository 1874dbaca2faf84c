package org.djlgpt.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;

import java.io.IOException;
import java.util.List;

/**
 * Takes part in each {@link TrainingStep}, as to exchange gradients or weights with other workers.
 * {@link FlatTensors} turns either into one array of numbers and back.
 */
public interface StepHook {

    /** Takes no part. */
    StepHook NONE = new StepHook() {};

    /**
     * Sees, and may change in place, the gradients of a step's batches before their norm is taken
     * and clipped. Any hook but {@link #NONE} makes a step on a GPU wait here, to know the loss.
     *
     * @param step the number of steps before
     * @param loss the mean loss of the batches in nats per token
     * @param gradients one array for each of {@link TrainingStep#weights()}, mean over the batches
     * @return the loss to report; the step is not applied if it, or the norm, is not finite
     * @throws IOException to end the training
     */
    default double afterGradients(int step, double loss, NDList gradients) throws IOException {
        return loss;
    }

    /**
     * Sees, and may change in place, the weights behind the update, also behind one that was not
     * applied.
     *
     * @param step the number of steps before this one
     * @param weights what {@link TrainingStep#weights()} gives
     * @throws IOException to end the training
     */
    default void afterUpdate(int step, List<NDArray> weights) throws IOException {}
}
