package org.djlgpt.training;

import java.io.IOException;

/**
 * Hears of a {@link TrainingLoop} as it goes on. A listener that can't write stops the training,
 * unless {@link TrainingLoop.Builder#optWriteFailures} says otherwise.
 */
public interface TrainingLoopListener {

    /**
     * Hears that the training goes on from a checkpoint.
     *
     * @param step the number of steps done
     * @throws IOException if the listener can't write
     */
    default void onResume(int step) throws IOException {}

    /**
     * Hears of a finished optimizer step.
     *
     * @param report the step
     * @throws IOException if the listener can't write
     */
    default void onStep(StepReport report) throws IOException {}

    /**
     * Hears of a step whose update was not applied, as its loss or gradient is not finite; {@link
     * #onStep} does not hear of it.
     *
     * @param report the step
     * @throws IOException if the listener can't write
     */
    default void onSkippedStep(StepReport report) throws IOException {}

    /**
     * Hears of an evaluation.
     *
     * @param report the evaluation
     * @throws IOException if the listener can't write
     */
    default void onEvaluation(EvaluationReport report) throws IOException {}

    /**
     * Hears that a checkpoint is about to be written.
     *
     * @param step the number of steps done
     * @throws IOException if the listener can't write
     */
    default void beforeCheckpoint(int step) throws IOException {}
}
