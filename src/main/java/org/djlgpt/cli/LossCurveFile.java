package org.djlgpt.cli;

import org.djlgpt.plot.LossCurve;
import org.djlgpt.training.Baselines;
import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.MetricsLog;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingListener;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Draws the loss curve anew at each evaluation after a step. */
final class LossCurveFile implements TrainingListener {

    private static final double MOST_SMOOTHING = 0.95;
    private static final double POINTS = 20;

    private final Path file;
    private final Baselines baselines;
    private final MetricsLog metrics;
    private final List<Loss> steps = new ArrayList<>();
    private final List<EvaluationReport> evaluations = new ArrayList<>();

    /**
     * Makes a curve.
     *
     * @param metrics knows the losses before the checkpoint that a run goes on from; of the steps
     *     there, it has the mean losses between evaluations only. It comes before this listener
     */
    LossCurveFile(Path file, Baselines baselines, MetricsLog metrics) {
        this.file = file;
        this.baselines = baselines;
        this.metrics = metrics;
    }

    @Override
    public void onResume(Checkpoint checkpoint) {
        for (EvaluationReport report : metrics.earlier()) {
            evaluations.add(report);
            addStep(report.step(), report.trainLoss());
        }
    }

    @Override
    public void onStep(StepReport report) {
        addStep(report.step(), report.loss());
    }

    private void addStep(int step, double loss) {
        steps.add(new Loss(step, loss));
    }

    @Override
    public void onEvaluation(EvaluationReport report) throws IOException {
        evaluations.add(report);
        if (report.step() > 0) {
            draw();
        }
    }

    private void draw() throws IOException {
        LossCurve.builder()
                .setTraining(
                        steps.stream().mapToLong(Loss::step).toArray(),
                        steps.stream().mapToDouble(Loss::value).toArray())
                .optValidation(
                        evaluations.stream().mapToLong(EvaluationReport::step).toArray(),
                        evaluations.stream()
                                .mapToDouble(EvaluationReport::validationLoss)
                                .toArray())
                .optSmoothing(smoothing())
                .addBaseline("uniform", baselines.uniform())
                .addBaseline("unigram", baselines.unigram())
                .build()
                .save(file);
    }

    private record Loss(int step, double value) {}

    /** A short run has too few steps for an average over many: it would trail behind. */
    private double smoothing() {
        return Math.max(0, Math.min(MOST_SMOOTHING, 1 - POINTS / Math.max(1, steps.size())));
    }
}
