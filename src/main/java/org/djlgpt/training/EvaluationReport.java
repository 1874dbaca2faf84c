package org.djlgpt.training;

/**
 * An evaluation on the held-out windows.
 *
 * @param step the number of steps done before, from 0
 * @param trainLoss the mean training loss of the steps since the evaluation before, in nats per
 *     token; NaN before the first step
 * @param validationLoss the loss on the held-out windows, in nats per token
 * @param best whether this is the lowest validation loss so far
 * @param last whether the training ends here: it has all steps, or its patience is at its end
 * @param learningRate the rate of the step before, or of the first step
 * @param tokensPerSecond training tokens per second since the evaluation before, the time of
 *     evaluations and listeners excluded; NaN before the first step
 */
public record EvaluationReport(
        int step,
        double trainLoss,
        double validationLoss,
        boolean best,
        boolean last,
        double learningRate,
        double tokensPerSecond) {}
