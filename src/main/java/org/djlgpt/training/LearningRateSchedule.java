package org.djlgpt.training;

import ai.djl.training.tracker.Tracker;

import org.djlgpt.nn.IllegalParameterException;

/**
 * A learning rate that rises linearly for some steps, may stay at its peak, and falls: peak * (s +
 * 1) / (warmupSteps + 1) before step {@code warmupSteps}, then minimum + (peak - minimum) * decay
 * of how far the fall is, and the minimum from {@code decaySteps} on, where the peak is {@code
 * learningRate} and the minimum {@code minLearningRate} (warm-up as GPT-3 was trained: Brown et
 * al., 2020, appendix B).
 *
 * <p>It serves DJL's optimizers as well: their first update is step 0.
 *
 * @param decay how the rate falls
 * @param learningRate the highest rate
 * @param minLearningRate the rate at the end
 * @param warmupSteps the steps that the rate rises for, 0 for none
 * @param decaySteps the step at which the minimum is reached
 */
public record LearningRateSchedule(
        Decay decay, double learningRate, double minLearningRate, int warmupSteps, int decaySteps)
        implements Tracker {

    /** How a learning rate falls. */
    public enum Decay {
        /** Along half a cosine (Loshchilov and Hutter, "SGDR", 2017, section 3). */
        COSINE {
            @Override
            double of(double progress) {
                return (1 + Math.cos(Math.PI * progress)) / 2;
            }
        },
        /** Along a line. */
        LINEAR {
            @Override
            double of(double progress) {
                return 1 - progress;
            }
        },
        /** Not at all, not even at {@code decaySteps}. */
        CONSTANT {
            @Override
            double of(double progress) {
                return 1;
            }
        },
        /**
         * Warm-up, stable, decay: at the peak for four fifths of the way, then as 1 minus a square
         * root (Haegele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed Training
         * Durations", 2024, section 3).
         */
        WSD {
            @Override
            double of(double progress) {
                return 1 - Math.sqrt(Math.max(0, (progress - STABLE) / (1 - STABLE)));
            }
        };

        private static final double STABLE = 0.8;

        /** Returns what is left of the way from the minimum to the peak, for 0 to 1 of the fall. */
        abstract double of(double progress);
    }

    /**
     * Checks the values.
     *
     * @param decay how the rate falls
     * @param learningRate the highest rate
     * @param minLearningRate the rate at the end
     * @param warmupSteps the steps that the rate rises for, 0 for none
     * @param decaySteps the step at which the minimum is reached
     * @throws IllegalArgumentException unless 0 &lt;= minLearningRate &lt;= learningRate,
     *     learningRate is finite, and 0 &lt;= warmupSteps &lt;= decaySteps
     */
    public LearningRateSchedule {
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
        double progress =
                step >= decaySteps ? 1 : (double) (step - warmupSteps) / (decaySteps - warmupSteps);
        return minLearningRate + (learningRate - minLearningRate) * decay.of(progress);
    }

    @Override
    public float getNewValue(int numUpdate) {
        return (float) rate(numUpdate - 1);
    }
}
