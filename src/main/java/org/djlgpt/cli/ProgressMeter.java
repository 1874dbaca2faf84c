package org.djlgpt.cli;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

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
        bar = bar(bottomLine).setInitialMax(steps).hideEta().build();
    }

    /** Returns the builder of a bar in the last line of a terminal. */
    static ProgressBarBuilder bar(BottomLine line) {
        return new ProgressBarBuilder()
                .setTaskName("")
                .setStyle(
                        Terminal.hasColors()
                                ? ProgressBarStyle.COLORFUL_UNICODE_BLOCK
                                : ProgressBarStyle.UNICODE_BLOCK)
                .setConsumer(line)
                .setUpdateIntervalMillis(200);
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

    /**
     * The last line of a terminal, where the bar moves, while other lines scroll by above it.
     *
     * <p>It asks nobody for the terminal's width, since the library that progressbar would ask
     * (JLine) takes SIGINT away from Java as it looks. Bars fit a common terminal; a narrower one
     * cuts them, instead of going on in the next line.
     */
    static final class BottomLine implements ProgressBarConsumer {

        private static final int COMMON_WIDTH = 80;
        private static final String CLEAR = "\r\033[K";
        private static final String WITHOUT_WRAPPING = "\033[?7l%s\033[?7h";

        private final Output out;
        private String bar = "";

        BottomLine(Output out) {
            this.out = out;
        }

        @Override
        public int getMaxRenderedLength() {
            return COMMON_WIDTH - 1; // in the last column some terminals begin a new line
        }

        @Override
        public synchronized void accept(String newBar) {
            bar = WITHOUT_WRAPPING.formatted(newBar);
            out.text(CLEAR + bar);
        }

        synchronized void above(String line) {
            out.text(CLEAR + line + System.lineSeparator() + bar);
        }

        /** Leaves the bar where it is and goes on below. */
        @Override
        public void close() {
            out.text(System.lineSeparator());
        }
    }
}
