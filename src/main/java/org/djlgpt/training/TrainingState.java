package org.djlgpt.training;

/**
 * Where a training stands between two steps.
 *
 * @param step the steps done, those skipped included
 * @param skipped the steps whose update was not applied
 * @param bestLoss the lowest validation loss so far; infinite before the first evaluation
 * @param lossSum the sum of the training losses since the last evaluation
 * @param losses how many losses that are
 * @param seconds what the steps since the last evaluation took
 */
record TrainingState(
        int step, int skipped, double bestLoss, double lossSum, int losses, double seconds) {

    static final TrainingState START = new TrainingState(0, 0, Double.POSITIVE_INFINITY, 0, 0, 0);

    TrainingState {
        if (skipped < 0 || step < skipped) {
            throw new IllegalArgumentException(
                    "%d of %d steps can't be skipped".formatted(skipped, step));
        }
    }

    TrainingState stepped(double loss, double took) {
        return new TrainingState(
                step + 1, skipped, bestLoss, lossSum + loss, losses + 1, seconds + took);
    }

    TrainingState skippedStep() {
        return new TrainingState(step + 1, skipped + 1, bestLoss, lossSum, losses, seconds);
    }

    TrainingState evaluated(double loss) {
        return new TrainingState(step, skipped, Math.min(loss, bestLoss), 0, 0, 0);
    }

    boolean isEvaluated() {
        return Double.isFinite(bestLoss);
    }

    int updates() {
        return step - skipped;
    }
}
