package org.djlgpt.training;

import ai.djl.training.tracker.Tracker;

import org.djlgpt.nn.IllegalParameterException;

/**
 * A learning rate that rises linearly for some steps and then falls along half a cosine: peak * (s
 * + 1) / (warmupSteps + 1) before step {@code warmupSteps}, then minimum + (peak - minimum) * (1 +
 * cos(pi * (s - warmupSteps) / (decaySteps - warmupSteps))) / 2, and the minimum from {@code
 * decaySteps} on, where the peak is {@code learningRate} and the minimum {@code minLearningRate}
 * (Loshchilov and Hutter, "SGDR", 2017, section 3; warm-up as GPT-3 was trained: Brown et al.,
 * 2020, appendix B).
 *
 * <p>It serves DJL's optimizers as well: their first update is step 0.
 *
 * @param learningRate the highest rate
 * @param minLearningRate the rate at the end
 * @param warmupSteps the steps that the rate rises for, 0 for none
 * @param decaySteps the step at which the minimum is reached
 */
public record WarmupCosine(
        double learningRate, double minLearningRate, int warmupSteps, int decaySteps)
        implements Tracker {

    /**
     * Checks the values.
     *
     * @param learningRate the highest rate
     * @param minLearningRate the rate at the end
     * @param warmupSteps the steps that the rate rises for, 0 for none
     * @param decaySteps the step at which the minimum is reached
     * @throws IllegalArgumentException unless 0 &lt;= minLearningRate &lt;= learningRate,
     *     learningRate is finite, and 0 &lt;= warmupSteps &lt;= decaySteps
     */
    public WarmupCosine {
        if (!(learningRate >= 0 && Double.isFinite(learningRate))) {
            throw new IllegalParameterException(
                    "{learningRate}=%s must be finite and at least 0", learningRate);
        }
        if (!(minLearningRate >= 0 && minLearningRate <= learningRate)) {
            throw new IllegalParameterException(
                    "{minLearningRate}=%s must lie between 0 and {learningRate}=%s",
                    minLearningRate, learningRate);
        }
        if (warmupSteps < 0 || warmupSteps > decaySteps) {
            throw new IllegalParameterException(
                    "{warmupSteps}=%d must lie between 0 and {decaySteps}=%d",
                    warmupSteps, decaySteps);
        }
    }

    /**
     * Returns the rate of a step.
     *
     * @param step the step, from 0
     * @return the rate
     */
    public double rate(int step) {
        if (step < warmupSteps) {
            return learningRate * (step + 1) / (warmupSteps + 1);
        }
        if (step >= decaySteps) {
            return minLearningRate;
        }
        double progress = (double) (step - warmupSteps) / (decaySteps - warmupSteps);
        return minLearningRate
                + (learningRate - minLearningRate) * (1 + Math.cos(Math.PI * progress)) / 2;
    }

    @Override
    public float getNewValue(int numUpdate) {
        return (float) rate(numUpdate - 1);
    }
}
