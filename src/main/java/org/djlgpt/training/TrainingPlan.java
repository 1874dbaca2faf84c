package org.djlgpt.training;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.IllegalParameterException;
import org.djlgpt.training.LearningRateSchedule.Decay;

import java.io.Serializable;
import java.util.Map;

/**
 * How a model is trained. The defaults suit a small model; {@link #builder()} gives them.
 *
 * @param steps the number of optimizer steps
 * @param batchSize the number of windows in a forward pass
 * @param gradientAccumulation the number of forward passes whose gradients make one step
 * @param schedule how the learning rate falls after its peak
 * @param learningRate the peak of the learning rate
 * @param minLearningRate the learning rate at the end
 * @param warmupSteps the steps that the rate rises for
 * @param decaySteps the step at which it has fallen; a longer run goes on at the lowest rate, so
 *     that what a step does depends on no later one
 * @param weightDecay the decay of matrices and embeddings
 * @param beta1 AdamW's decay of the mean of gradients
 * @param beta2 AdamW's decay of the mean of squared gradients
 * @param clipNorm the greatest global norm of the gradients; 0 for no limit
 * @param evalEvery the steps between evaluations
 * @param evalBatches the number of batches in an evaluation
 * @param patience the evaluations in a row without a lower validation loss after which a training
 *     ends; 0 for no such end
 * @param seed what the order of the data and dropout follow from
 * @param workers the number of threads that a batch is split over
 * @serial exclude
 */
public record TrainingPlan(
        int steps,
        int batchSize,
        int gradientAccumulation,
        Decay schedule,
        double learningRate,
        double minLearningRate,
        int warmupSteps,
        int decaySteps,
        double weightDecay,
        double beta1,
        double beta2,
        double clipNorm,
        int evalEvery,
        int evalBatches,
        int patience,
        int seed,
        int workers)
        implements Serializable {

    /**
     * Checks the values.
     *
     * @param steps the number of optimizer steps
     * @param batchSize the number of windows in a forward pass
     * @param gradientAccumulation the number of forward passes whose gradients make one step
     * @param schedule how the learning rate falls after its peak
     * @param learningRate the peak of the learning rate
     * @param minLearningRate the learning rate at the end
     * @param warmupSteps the steps that the rate rises for
     * @param decaySteps the step at which it has fallen
     * @param weightDecay the decay of matrices and embeddings
     * @param beta1 AdamW's decay of the mean of gradients
     * @param beta2 AdamW's decay of the mean of squared gradients
     * @param clipNorm the greatest global norm of the gradients; 0 for no limit
     * @param evalEvery the steps between evaluations
     * @param evalBatches the number of batches in an evaluation
     * @param patience the evaluations in a row without a lower validation loss after which a
     *     training ends; 0 for no such end
     * @param seed what the order of the data and dropout follow from
     * @param workers the number of threads that a batch is split over
     * @throws IllegalArgumentException if one lies outside its range; the message names it
     */
    public TrainingPlan {
        Checks.requirePositive("steps", steps);
        Checks.requirePositive("batchSize", batchSize);
        Checks.requirePositive("gradientAccumulation", gradientAccumulation);
        Checks.requirePositive("evalEvery", evalEvery);
        Checks.requirePositive("evalBatches", evalBatches);
        Checks.requirePositive("workers", workers);
        if (patience < 0) {
            throw new IllegalParameterException(
                    "{patience}=%d must be at least 0; use 0 for no end before the last step",
                    patience);
        }
        requireAtLeastZero("weightDecay", weightDecay);
        requireAtLeastZero("clipNorm", clipNorm);
        requireBeta("beta1", beta1);
        requireBeta("beta2", beta2);
        new LearningRateSchedule(schedule, learningRate, minLearningRate, warmupSteps, decaySteps);
    }

    private static void requireAtLeastZero(String name, double value) {
        if (!(value >= 0 && Double.isFinite(value))) {
            throw new IllegalParameterException(
                    "{%s}=%%s must be finite and at least 0; use 0 for none".formatted(name),
                    value);
        }
    }

    private static void requireBeta(String name, double beta) {
        if (!(beta >= 0 && beta < 1)) {
            throw new IllegalParameterException(
                    "{%s}=%%s must lie in [0, 1); use 0.9 or 0.99".formatted(name), beta);
        }
    }

    /**
     * Returns the values as texts, by the names of this record's components.
     *
     * @return the texts; those of {@code double}s are the same numbers to the bit
     */
    public Map<String, String> values() {
        return CheckpointHeader.values(this);
    }

    /**
     * Returns the same plan with another order of the data and other dropout.
     *
     * @param seed what they follow from
     * @return the plan
     */
    public TrainingPlan withSeed(int seed) {
        return new TrainingPlan(
                steps,
                batchSize,
                gradientAccumulation,
                schedule,
                learningRate,
                minLearningRate,
                warmupSteps,
                decaySteps,
                weightDecay,
                beta1,
                beta2,
                clipNorm,
                evalEvery,
                evalBatches,
                patience,
                seed,
                workers);
    }

    /**
     * Returns the learning rate's course.
     *
     * @return warm-up, then decay until {@code decaySteps}
     */
    public LearningRateSchedule learningRates() {
        return new LearningRateSchedule(
                schedule, learningRate, minLearningRate, warmupSteps, decaySteps);
    }

    /**
     * Starts building a configuration.
     *
     * @return a builder that holds the defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link TrainingPlan}. */
    public static final class Builder {

        private int steps = 2000;
        private int batchSize = 12;
        private int gradientAccumulation = 1;
        private Decay schedule = Decay.COSINE;
        private double learningRate = 1e-3;
        private Double minLearningRate;
        private Integer warmupSteps;
        private Integer decaySteps;
        private double weightDecay = 0.1;
        private double beta1 = 0.9;
        private double beta2 = 0.99;
        private double clipNorm = 1;
        private int evalEvery = 250;
        private int evalBatches = 20;
        private int patience;
        private int seed = 1337;
        private int workers = 1;

        private Builder() {}

        /**
         * Sets the number of optimizer steps.
         *
         * @param steps at least 1, 2000 by default
         * @return this builder
         */
        public Builder optSteps(int steps) {
            this.steps = steps;
            return this;
        }

        /**
         * Sets the number of windows in a forward pass.
         *
         * @param batchSize at least 1, 12 by default
         * @return this builder
         */
        public Builder optBatchSize(int batchSize) {
            this.batchSize = batchSize;
            return this;
        }

        /**
         * Sets the number of forward passes that make one step.
         *
         * @param gradientAccumulation at least 1, 1 by default
         * @return this builder
         */
        public Builder optGradientAccumulation(int gradientAccumulation) {
            this.gradientAccumulation = gradientAccumulation;
            return this;
        }

        /**
         * Sets how the learning rate falls after its peak.
         *
         * @param schedule {@link Decay#COSINE} by default
         * @return this builder
         */
        public Builder optSchedule(Decay schedule) {
            this.schedule = schedule;
            return this;
        }

        /**
         * Sets the peak of the learning rate.
         *
         * @param learningRate at least 0, 1e-3 by default
         * @return this builder
         */
        public Builder optLearningRate(double learningRate) {
            this.learningRate = learningRate;
            return this;
        }

        /**
         * Sets the learning rate at the end.
         *
         * @param minLearningRate from 0 to the learning rate, a tenth of it by default
         * @return this builder
         */
        public Builder optMinLearningRate(double minLearningRate) {
            this.minLearningRate = minLearningRate;
            return this;
        }

        /**
         * Sets the steps that the learning rate rises for.
         *
         * @param warmupSteps from 0 to {@code decaySteps}; 100 by default, or a tenth of {@code
         *     decaySteps} if that is less
         * @return this builder
         */
        public Builder optWarmupSteps(int warmupSteps) {
            this.warmupSteps = warmupSteps;
            return this;
        }

        /**
         * Sets the step at which the learning rate has fallen.
         *
         * @param decaySteps at least {@code warmupSteps}, the number of steps by default
         * @return this builder
         */
        public Builder optDecaySteps(int decaySteps) {
            this.decaySteps = decaySteps;
            return this;
        }

        /**
         * Sets the decay of matrices and embeddings.
         *
         * @param weightDecay at least 0, 0.1 by default
         * @return this builder
         */
        public Builder optWeightDecay(double weightDecay) {
            this.weightDecay = weightDecay;
            return this;
        }

        /**
         * Sets AdamW's decay of the mean of gradients.
         *
         * @param beta1 in [0, 1), 0.9 by default
         * @return this builder
         */
        public Builder optBeta1(double beta1) {
            this.beta1 = beta1;
            return this;
        }

        /**
         * Sets AdamW's decay of the mean of squared gradients.
         *
         * @param beta2 in [0, 1), 0.99 by default
         * @return this builder
         */
        public Builder optBeta2(double beta2) {
            this.beta2 = beta2;
            return this;
        }

        /**
         * Sets the greatest global norm of the gradients.
         *
         * @param clipNorm at least 0, 1 by default; 0 for no limit
         * @return this builder
         */
        public Builder optClipNorm(double clipNorm) {
            this.clipNorm = clipNorm;
            return this;
        }

        /**
         * Sets the steps between evaluations.
         *
         * @param evalEvery at least 1, 250 by default
         * @return this builder
         */
        public Builder optEvalEvery(int evalEvery) {
            this.evalEvery = evalEvery;
            return this;
        }

        /**
         * Sets the number of batches in an evaluation.
         *
         * @param evalBatches at least 1, 20 by default
         * @return this builder
         */
        public Builder optEvalBatches(int evalBatches) {
            this.evalBatches = evalBatches;
            return this;
        }

        /**
         * Sets after how many evaluations in a row without a lower validation loss a training ends,
         * however many steps are left.
         *
         * @param patience at least 0; by default 0, for no such end
         * @return this builder
         */
        public Builder optPatience(int patience) {
            this.patience = patience;
            return this;
        }

        /**
         * Sets what the order of the data and dropout follow from.
         *
         * @param seed any number, 1337 by default
         * @return this builder
         */
        public Builder optSeed(int seed) {
            this.seed = seed;
            return this;
        }

        /**
         * Sets how many threads a batch is split over, each of which computes the gradients of its
         * windows by itself. On a CPU that is faster for small models, see {@link
         * TrainingStep#fastestWorkers}. Gradients are added in the threads' order, so that losses
         * repeat to the bit for a number of threads; with another one they differ by rounding.
         * Dropout draws from one generator for all threads, so with it they do not repeat. Each
         * thread has gradients of its own in memory.
         *
         * @param workers at least 1, by default 1: operators are spread over the processors instead
         * @return this builder
         */
        public Builder optWorkers(int workers) {
            this.workers = workers;
            return this;
        }

        /**
         * Builds the configuration.
         *
         * @return the configuration
         * @throws IllegalArgumentException as the constructor of {@link TrainingPlan}
         */
        public TrainingPlan build() {
            int end = decaySteps == null ? steps : decaySteps;
            return new TrainingPlan(
                    steps,
                    batchSize,
                    gradientAccumulation,
                    schedule,
                    learningRate,
                    minLearningRate == null ? learningRate / 10 : minLearningRate,
                    warmupSteps == null ? Math.min(100, end / 10) : warmupSteps,
                    end,
                    weightDecay,
                    beta1,
                    beta2,
                    clipNorm,
                    evalEvery,
                    evalBatches,
                    patience,
                    seed,
                    workers);
        }
    }
}
