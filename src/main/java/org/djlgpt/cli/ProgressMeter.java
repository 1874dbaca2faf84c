package org.djlgpt.cli;

import me.tongfei.progressbar.ProgressBar;

import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingListener;

import java.util.Locale;

/** Reports a training on a terminal: a bar with step, loss, speed and time left. */
final class ProgressMeter implements TrainingListener, AutoCloseable {

    private static final double SMOOTHING = 0.95;

    private final int steps;
    private final BottomLine bottomLine;
    private final ProgressBar bar;
    private final TimeLeft timeLeft;
    private double loss = Double.NaN;
    private double tokensPerSecond = Double.NaN;

    ProgressMeter(Output out, int steps) {
        this.steps = steps;
        bottomLine = new BottomLine(out);
        timeLeft = new TimeLeft(steps);
        bar =
                bottomLine
                        .bar("")
                        .setInitialMax(steps)
                        .hideEta()
                        .setUpdateIntervalMillis(200)
                        .build();
    }

    @Override
    public void onResume(Checkpoint checkpoint) {
        timeLeft.startAt(checkpoint.step());
        bar.stepTo(checkpoint.step());
        bottomLine.above(ProgressLines.resumed(checkpoint, steps));
    }

    @Override
    public void onStep(StepReport report) {
        loss = smooth(loss, report.loss());
        tokensPerSecond = smooth(tokensPerSecond, report.tokensPerSecond());
        bar.setExtraMessage(
                String.format(
                        Locale.ROOT,
                        "loss %.3f, %,.0f tokens/s, %s left",
                        loss,
                        tokensPerSecond,
                        timeLeft.after(report.step())));
        bar.stepTo(report.step());
    }

    @Override
    public void onSkippedStep(StepReport report) {
        bottomLine.above(ProgressLines.skipped(report, steps));
    }

    private static double smooth(double past, double now) {
        return Double.isNaN(past) ? now : SMOOTHING * past + (1 - SMOOTHING) * now;
    }

    @Override
    public void onEvaluation(EvaluationReport report) {
        bottomLine.above(ProgressLines.line(report, steps));
    }

    @Override
    public void close() {
        bar.close();
    }
}
