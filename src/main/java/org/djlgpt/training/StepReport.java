package org.djlgpt.training;

/**
 * An optimizer step.
 *
 * @param step the number of steps done, from 1
 * @param loss the training loss of the step's batches before the update, in nats per token
 * @param learningRate the rate of the update
 * @param gradientNorm the global norm of the gradients before clipping
 * @param tokens the number of tokens of its batches
 * @param tokensPerSecond how many of them a second
 */
public record StepReport(
        int step,
        double loss,
        double learningRate,
        double gradientNorm,
        long tokens,
        double tokensPerSecond) {}
