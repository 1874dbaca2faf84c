package org.djlgpt.cli;

import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingListener;

import java.io.PrintWriter;
import java.util.Locale;

/** Reports a training in plain lines, one for each evaluation: for files, pipes and logs. */
final class ProgressLines implements TrainingListener {

    private final PrintWriter out;
    private final int steps;
    private long secondsLeft;
    private final long begin = System.nanoTime();

    ProgressLines(PrintWriter out, int steps) {
        this.out = out;
        this.steps = steps;
    }

    @Override
    public void onStep(StepReport report) {
        double elapsed = (System.nanoTime() - begin) / 1e9;
        secondsLeft = Math.round(elapsed / report.step() * (steps - report.step()));
    }

    @Override
    public void onEvaluation(EvaluationReport report) {
        out.println(line(report, steps) + (report.step() == 0 ? "" : timeLeft()));
        out.flush();
    }

    private String timeLeft() {
        return ", %d:%02d left".formatted(secondsLeft / 60, secondsLeft % 60);
    }

    static String line(EvaluationReport report, int steps) {
        if (report.step() == 0) {
            return String.format(
                    Locale.ROOT,
                    "step %5d/%d  validation loss %.4f",
                    report.step(),
                    steps,
                    report.validationLoss());
        }
        return String.format(
                Locale.ROOT,
                "step %5d/%d  train loss %.4f  validation loss %.4f%s  %,.0f tokens/s",
                report.step(),
                steps,
                report.trainLoss(),
                report.validationLoss(),
                report.best() ? " (best)" : "",
                report.tokensPerSecond());
    }
}
