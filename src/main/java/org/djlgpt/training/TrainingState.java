package org.djlgpt.training;

import java.io.Serializable;

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
 * @serial exclude
 */
public record TrainingState(
        int step,
        int skipped,
        double bestLoss,
        int sinceBest,
        double lossSum,
        int losses,
        double tokens,
        double seconds)
        implements Serializable {

    /** Before the first step. */
    public static final TrainingState START =
            new TrainingState(0, 0, Double.POSITIVE_INFINITY, 0, 0, 0, 0, 0);

    /**
     * Checks the counts.
     *
     * @param step the steps done, those skipped included
     * @param skipped the steps whose update was not applied
     * @param bestLoss the lowest validation loss so far
     * @param sinceBest how many evaluations in a row have had no lower one
     * @param lossSum the sum of the training losses since the last evaluation
     * @param losses how many losses that are
     * @param tokens how many tokens the steps since the last evaluation had
     * @param seconds how long they took
     * @throws IllegalArgumentException if more steps are skipped than done
     */
    public TrainingState {
        if (skipped < 0 || step < skipped) {
            throw new IllegalArgumentException(
                    "%d of %d steps can't be skipped".formatted(skipped, step));
        }
    }

    /**
     * Counts a step.
     *
     * @param report the step
     * @return the state behind it
     */
    public TrainingState stepped(StepReport report) {
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

    /**
     * Counts a step that was not applied.
     *
     * @return the state behind it
     */
    public TrainingState skippedStep() {
        return new TrainingState(
                step + 1, skipped + 1, bestLoss, sinceBest, lossSum, losses, tokens, seconds);
    }

    /**
     * Says what an evaluation has found.
     *
     * @param loss the loss on the held-out windows
     * @param plan how the model is trained
     * @return the report
     */
    public EvaluationReport evaluation(double loss, TrainingPlan plan) {
        return new EvaluationReport(
                step,
                lossSum / losses,
                loss,
                loss < bestLoss,
                evaluated(loss).isDone(plan),
                plan.learningRates().rate(Math.max(step - 1, 0)),
                tokens / seconds);
    }

    /**
     * Begins a new count behind an evaluation.
     *
     * @param loss the loss on the held-out windows
     * @return the state behind it
     */
    public TrainingState evaluated(double loss) {
        boolean best = loss < bestLoss;
        return new TrainingState(
                step, skipped, best ? loss : bestLoss, best ? 0 : sinceBest + 1, 0, 0, 0, 0);
    }

    /**
     * Returns whether a training ends here.
     *
     * @param plan how the model is trained
     * @return whether it has all steps, or its patience is at its end
     */
    public boolean isDone(TrainingPlan plan) {
        return step >= plan.steps() || plan.patience() > 0 && sinceBest >= plan.patience();
    }

    /**
     * Returns whether there was an evaluation.
     *
     * @return whether there is a lowest loss
     */
    public boolean isEvaluated() {
        return Double.isFinite(bestLoss);
    }

    /**
     * Returns how many steps were applied.
     *
     * @return the number of updates
     */
    public int updates() {
        return step - skipped;
    }
}
