package org.djlgpt.cli.train;

import org.djlgpt.cli.console.Meter;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.console.Terminal;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingLoopListener;

import java.util.Locale;

/** Reports a training in plain lines, one for each evaluation: for files, pipes and logs. */
class Progress implements TrainingLoopListener, AutoCloseable {

    private final Output out;
    private final int steps;
    private int firstStep;
    private long begin = System.nanoTime();

    Progress(Output out, int steps) {
        this.out = out;
        this.steps = steps;
    }

    /** Returns what suits the output: lines, or a bar below them on a terminal. */
    static Progress on(Output out, int steps) {
        return Terminal.isInteractive() ? new ProgressMeter(out, steps) : new Progress(out, steps);
    }

    @Override
    public void onResume(int step) {
        firstStep = step;
        begin = System.nanoTime();
        print("step %d/%d  resumed", firstStep, steps);
    }

    @Override
    public void onSkippedStep(StepReport report) {
        print(
                "step %d/%d  skipped: loss %.4f, gradient norm %.4f",
                report.step(), steps, report.loss(), report.gradientNorm());
    }

    @Override
    public void onEvaluation(EvaluationReport report) {
        boolean middle = report.step() > 0 && !report.last();
        String left = middle ? "  " + timeLeft(report.step()) + " left" : "";
        print("%s%s", line(report, steps), left);
        if (report.last() && report.step() < steps) {
            print("step %d/%d  ends here: the validation loss gets no lower", report.step(), steps);
        }
    }

    final void print(String format, Object... values) {
        printLine(String.format(Locale.ROOT, format, values));
    }

    void printLine(String line) {
        out.line("%s", line);
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

    /** Guesses what is still to come from what the steps so far took, evaluations included. */
    final String timeLeft(int step) {
        double elapsed = (System.nanoTime() - begin) / 1e9;
        return Meter.clock(Math.round(elapsed / (step - firstStep) * (steps - step)));
    }

    @Override
    public void close() {}
}
