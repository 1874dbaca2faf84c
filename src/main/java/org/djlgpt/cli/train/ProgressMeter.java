package org.djlgpt.cli.train;

import me.tongfei.progressbar.ProgressBar;

import org.djlgpt.cli.console.BottomLine;
import org.djlgpt.cli.console.Output;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.StepReport;

import java.util.Locale;

/** Reports a training on a terminal: a bar with step, loss, speed and time left below the lines. */
final class ProgressMeter extends Progress {

    private static final double SMOOTHING = 0.95;

    private final int steps;
    private final BottomLine bottomLine;
    private final ProgressBar bar;
    private double loss = Double.NaN;
    private double tokensPerSecond = Double.NaN;

    ProgressMeter(Output out, int steps) {
        super(out, steps);
        this.steps = steps;
        bottomLine = new BottomLine(out);
        bar = bottomLine.bar().setInitialMax(steps).hideEta().build();
    }

    @Override
    public void onResume(int step) {
        bar.stepTo(step);
        super.onResume(step);
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
                        timeLeft(report.step())));
        bar.stepTo(report.step());
    }

    private static double smooth(double past, double now) {
        return Double.isNaN(past) ? now : SMOOTHING * past + (1 - SMOOTHING) * now;
    }

    @Override
    public void onEvaluation(EvaluationReport report) {
        printLine(line(report, steps)); // the bar has the time left
    }

    @Override
    void printLine(String line) {
        bottomLine.above(line);
    }

    @Override
    public void close() {
        bar.close();
    }
}
