package org.djlgpt.cli;

import org.djlgpt.plot.LossCurve;
import org.djlgpt.training.Baselines;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingListener;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Draws the loss curve anew at each evaluation. */
final class LossCurveFile implements TrainingListener {

    private static final double MOST_SMOOTHING = 0.95;
    private static final double POINTS = 20;

    private final Path file;
    private final Baselines baselines;
    private final List<StepReport> steps = new ArrayList<>();
    private final List<EvaluationReport> evaluations = new ArrayList<>();

    LossCurveFile(Path file, Baselines baselines) {
        this.file = file;
        this.baselines = baselines;
    }

    @Override
    public void onStep(StepReport report) {
        steps.add(report);
    }

    @Override
    public void onEvaluation(EvaluationReport report) throws IOException {
        evaluations.add(report);
        LossCurve.builder()
                .setTraining(
                        steps.stream().mapToLong(StepReport::step).toArray(),
                        steps.stream().mapToDouble(StepReport::loss).toArray())
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

    /** A short run has too few steps for an average over many: it would trail behind. */
    private double smoothing() {
        return Math.max(0, Math.min(MOST_SMOOTHING, 1 - POINTS / Math.max(1, steps.size())));
    }
}
