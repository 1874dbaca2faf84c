package org.djlgpt.training;

import ai.djl.training.tracker.Tracker;

/**
 * A learning rate that rises linearly for some steps and then falls along half a cosine: peak * (s
 * + 1) / (warmupSteps + 1) before step {@code warmupSteps}, then minimum + (peak - minimum) * (1 +
 * cos(pi * (s - warmupSteps) / (decaySteps - warmupSteps))) / 2, and the minimum from {@code
 * decaySteps} on (Loshchilov and Hutter, "SGDR", 2017, section 3; warm-up as GPT-3 was trained:
 * Brown et al., 2020, appendix B).
 *
 * <p>It serves DJL's optimizers as well: their first update is step 0.
 *
 * @param peak the highest rate
 * @param minimum the rate at the end
 * @param warmupSteps the steps that the rate rises for, 0 for none
 * @param decaySteps the step at which the minimum is reached
 */
public record WarmupCosine(double peak, double minimum, int warmupSteps, int decaySteps)
        implements Tracker {

    /**
     * Checks the values.
     *
     * @param peak the highest rate
     * @param minimum the rate at the end
     * @param warmupSteps the steps that the rate rises for, 0 for none
     * @param decaySteps the step at which the minimum is reached
     * @throws IllegalArgumentException unless 0 &lt;= minimum &lt;= peak, peak is finite, and 0
     *     &lt;= warmupSteps &lt;= decaySteps
     */
    public WarmupCosine {
        if (!(peak >= 0 && Double.isFinite(peak))) {
            throw new IllegalArgumentException(
                    "learning rate %s must be finite and at least 0".formatted(peak));
        }
        if (!(minimum >= 0 && minimum <= peak)) {
            throw new IllegalArgumentException(
                    "minimum learning rate %s must lie between 0 and the learning rate %s"
                            .formatted(minimum, peak));
        }
        if (warmupSteps < 0 || warmupSteps > decaySteps) {
            throw new IllegalArgumentException(
                    "%d warm-up steps must lie between 0 and the %d steps of the run"
                            .formatted(warmupSteps, decaySteps));
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
            return peak * (step + 1) / (warmupSteps + 1);
        }
        if (step >= decaySteps) {
            return minimum;
        }
        double progress = (double) (step - warmupSteps) / (decaySteps - warmupSteps);
        return minimum + (peak - minimum) * (1 + Math.cos(Math.PI * progress)) / 2;
    }

    @Override
    public float getNewValue(int numUpdate) {
        return (float) rate(numUpdate - 1);
    }
}
