package org.djlgpt.cli;

import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingListener;

import java.util.Locale;

/** Reports a training in plain lines, one for each evaluation: for files, pipes and logs. */
final class ProgressLines implements TrainingListener {

    private final Output out;
    private final int steps;
    private final TimeLeft timeLeft;

    ProgressLines(Output out, int steps) {
        this.out = out;
        this.steps = steps;
        timeLeft = new TimeLeft(steps);
    }

    @Override
    public void onResume(Checkpoint checkpoint) {
        timeLeft.startAt(checkpoint.step());
        out.line("%s", resumed(checkpoint, steps));
    }

    static String resumed(Checkpoint checkpoint, int steps) {
        return String.format(Locale.ROOT, "step %d/%d  resumed", checkpoint.step(), steps);
    }

    @Override
    public void onEvaluation(EvaluationReport report) {
        boolean middle = report.step() > 0 && report.step() < steps;
        String left = middle ? "  " + timeLeft.after(report.step()) + " left" : "";
        out.line("%s", line(report, steps) + left);
    }

    @Override
    public void onSkippedStep(StepReport report) {
        out.line("%s", skipped(report, steps));
    }

    static String skipped(StepReport report, int steps) {
        return String.format(
                Locale.ROOT,
                "step %d/%d  skipped: loss %.4f, gradient norm %.4f",
                report.step(),
                steps,
                report.loss(),
                report.gradientNorm());
    }

    static String line(EvaluationReport report, int steps) {
        int width = Integer.toString(steps).length();
        String step = "step " + " ".repeat(width - Integer.toString(report.step()).length());
        if (report.step() == 0) {
            return String.format(
                    Locale.ROOT,
                    "%s0/%d  validation loss %.4f, before training",
                    step,
                    steps,
                    report.validationLoss());
        }
        return String.format(
                Locale.ROOT,
                "%s%d/%d  validation loss %.4f%s  train loss %.4f  %,.0f tokens/s",
                step,
                report.step(),
                steps,
                report.validationLoss(),
                report.best() ? ", best" : "      ",
                report.trainLoss(),
                report.tokensPerSecond());
    }
}
