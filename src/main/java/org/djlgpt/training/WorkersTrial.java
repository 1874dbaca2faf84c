package org.djlgpt.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.Threads;

import java.util.OptionalInt;
import java.util.function.IntFunction;

/**
 * Compares batches that are split over threads with whole ones, where that may help and pays.
 *
 * @param manager owns what a batch takes
 * @param plan of the training that the trial is for
 */
record WorkersTrial(NDManager manager, TrainingPlan plan) {

    private static final double LONG_SECONDS = 0.5;
    private static final double LONG_FIRST_SECONDS = 2;
    private static final long MOST_GRADIENT_BYTES = 1L << 30;
    private static final long PERCENT = 3;
    private static final long WARM_UP = 3;
    private static final long FEWEST_BATCHES = WARM_UP + 2 * 3;
    private static final long NANOSECONDS = 1_000_000_000;

    /**
     * Returns the fastest number of threads.
     *
     * @param steps makes the training's step with a number of workers
     * @return as {@link TrainingStep#fastestWorkers}
     */
    OptionalInt fastest(IntFunction<TrainingStep> steps) {
        int most = Math.min(Threads.count(), plan.batchSize());
        if (most == 1 || affordable() < FEWEST_BATCHES || manager.getDevice().isGpu()) {
            return OptionalInt.empty();
        }
        try (TrainingStep whole = steps.apply(1);
                TrainingStep split = steps.apply(most)) {
            long gradientBytes = new FlatTensors(whole.weights()).count() * Float.BYTES;
            if (most * gradientBytes > MOST_GRADIENT_BYTES || !isQuickAndRepeats(whole)) {
                return OptionalInt.empty();
            }
            return OptionalInt.of(isFaster(split, whole) ? most : 1);
        }
    }

    /** Returns how many batches the trial may take. */
    private long affordable() {
        return PERCENT * plan.steps() * plan.gradientAccumulation() / 100;
    }

    /**
     * Tries a batch, of which the first may be slow by being the first. Whether it draws at random
     * shows in the engine's generator, which is seeded anew at each step.
     */
    private boolean isQuickAndRepeats(TrainingStep step) {
        Engine.getInstance().setRandomSeed(plan.seed());
        float untouched = draw();
        Engine.getInstance().setRandomSeed(plan.seed());
        double first = step.trial();
        return draw() == untouched && first <= LONG_FIRST_SECONDS && step.trial() <= LONG_SECONDS;
    }

    private float draw() {
        try (NDManager trial = manager.newSubManager()) {
            return trial.randomUniform(0, 1, new Shape(1)).getFloat();
        }
    }

    private boolean isFaster(TrainingStep split, TrainingStep whole) {
        split.trial();
        double splitTime = Double.MAX_VALUE;
        double wholeTime = Double.MAX_VALUE;
        long left = affordable() - WARM_UP;
        long end = System.nanoTime() + NANOSECONDS;
        do {
            wholeTime = Math.min(wholeTime, whole.trial());
            splitTime = Math.min(splitTime, split.trial());
            left -= 2;
        } while (left >= 2 && System.nanoTime() < end);
        return splitTime < 0.95 * wholeTime;
    }
}
