package org.djlgpt.cli;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingListener;

import java.io.PrintWriter;
import java.util.Locale;

/** Reports a training on a terminal: a bar with step, time left, loss and speed. */
final class ProgressMeter implements TrainingListener, AutoCloseable {

    private static final double SMOOTHING = 0.95;

    private final PrintWriter out;
    private final ProgressBar bar;
    private double loss = Double.NaN;
    private double tokensPerSecond = Double.NaN;

    ProgressMeter(PrintWriter out, int steps) {
        this.out = out;
        bar =
                new ProgressBarBuilder()
                        .setTaskName("training")
                        .setInitialMax(steps)
                        .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
                        .setUpdateIntervalMillis(200)
                        .build();
    }

    @Override
    public void onStep(StepReport report) {
        loss = smooth(loss, report.loss());
        tokensPerSecond = smooth(tokensPerSecond, report.tokensPerSecond());
        bar.stepTo(report.step());
        bar.setExtraMessage(
                String.format(Locale.ROOT, " loss %.3f, %,.0f tokens/s", loss, tokensPerSecond));
    }

    private static double smooth(double past, double now) {
        return Double.isNaN(past) ? now : SMOOTHING * past + (1 - SMOOTHING) * now;
    }

    @Override
    public void onEvaluation(EvaluationReport report) {
        out.print("\r\033[K");
        out.println(ProgressLines.line(report, (int) bar.getMax()));
        out.flush();
        bar.refresh();
    }

    @Override
    public void close() {
        bar.close();
    }
}
