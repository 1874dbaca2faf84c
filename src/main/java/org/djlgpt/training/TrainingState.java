package org.djlgpt.training;

/**
 * Where a training stands between two steps.
 *
 * @param step the steps done, those skipped included
 * @param skipped the steps whose update was not applied
 * @param bestLoss the lowest validation loss so far; infinite before the first evaluation
 * @param sinceBest how many evaluations in a row have had no lower one
 * @param lossSum the sum of the training losses since the last evaluation
 * @param losses how many losses that are
 * @param tokens how many tokens the steps since the last evaluation had
 * @param seconds how long they took
 */
record TrainingState(
        int step,
        int skipped,
        double bestLoss,
        int sinceBest,
        double lossSum,
        int losses,
        double tokens,
        double seconds) {

    static final TrainingState START =
            new TrainingState(0, 0, Double.POSITIVE_INFINITY, 0, 0, 0, 0, 0);

    TrainingState {
        if (skipped < 0 || step < skipped) {
            throw new IllegalArgumentException(
                    "%d of %d steps can't be skipped".formatted(skipped, step));
        }
    }

    TrainingState stepped(StepReport report) {
        return new TrainingState(
                step + 1,
                skipped,
                bestLoss,
                sinceBest,
                lossSum + report.loss(),
                losses + 1,
                tokens + report.tokens(),
                seconds + report.tokens() / report.tokensPerSecond());
    }

    TrainingState skippedStep() {
        return new TrainingState(
                step + 1, skipped + 1, bestLoss, sinceBest, lossSum, losses, tokens, seconds);
    }

    TrainingState evaluated(double loss) {
        boolean best = loss < bestLoss;
        return new TrainingState(
                step, skipped, best ? loss : bestLoss, best ? 0 : sinceBest + 1, 0, 0, 0, 0);
    }

    boolean isEvaluated() {
        return Double.isFinite(bestLoss);
    }

    int updates() {
        return step - skipped;
    }
}
