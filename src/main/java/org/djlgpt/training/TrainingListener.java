package org.djlgpt.training;

import java.io.IOException;

/** Hears of a {@link Pretraining} as it goes on. */
public interface TrainingListener {

    /**
     * Hears of a finished optimizer step.
     *
     * @param report the step
     * @throws IOException if the listener can't write; the training stops
     */
    default void onStep(StepReport report) throws IOException {}

    /**
     * Hears of an evaluation.
     *
     * @param report the evaluation
     * @throws IOException if the listener can't write; the training stops
     */
    default void onEvaluation(EvaluationReport report) throws IOException {}
}
