package org.djlgpt.cli.train;

import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.MetricsLog;
import org.djlgpt.training.TrainingLoopListener;

import java.io.IOException;

/**
 * Keeps the best model of a run in its folder; if no step improved on the untrained model, the last
 * one.
 *
 * <p>A model of an earlier run stays until this one has something to put in its place; there always
 * is a whole model, whenever the process ends.
 */
final class BestModel implements TrainingLoopListener {

    /** Puts the model as it is now into the folder. */
    @FunctionalInterface
    interface Writer {

        void write() throws IOException;
    }

    private final Writer writer;
    private final MetricsLog metrics;
    private double loss = Double.NaN;

    /**
     * Makes a keeper.
     *
     * @param metrics knows what was kept before the checkpoint that a run goes on from. It comes
     *     before this listener
     */
    BestModel(Writer writer, MetricsLog metrics) {
        this.writer = writer;
        this.metrics = metrics;
    }

    @Override
    public void onResume(int step) {
        metrics.earlier().stream()
                .filter(report -> report.step() > 0 && report.best())
                .forEach(report -> loss = report.validationLoss());
    }

    @Override
    public void onEvaluation(EvaluationReport report) throws IOException {
        boolean first = Double.isNaN(loss);
        boolean isTrained = report.step() > 0;
        if (isTrained && (report.best() || first && report.last())) {
            writer.write();
            loss = report.validationLoss();
        }
    }

    /** Returns the validation loss of the model in the folder; NaN if there is none of this run. */
    double loss() {
        return Double.isNaN(loss) ? lossOfLast() : loss;
    }

    /**
     * Of a run that ended without an improvement before it was taken up again, the last is kept.
     */
    private double lossOfLast() {
        return metrics.earlier().stream()
                .filter(report -> report.step() > 0)
                .reduce((before, last) -> last)
                .map(EvaluationReport::validationLoss)
                .orElse(Double.NaN);
    }
}
