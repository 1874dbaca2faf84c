package org.djlgpt.training;

import java.util.ArrayList;
import java.util.List;

/** Keeps what a training reports. */
final class Diary implements TrainingLoopListener {

    final List<String> events = new ArrayList<>();
    final List<StepReport> steps = new ArrayList<>();
    final List<EvaluationReport> evaluations = new ArrayList<>();

    @Override
    public void onStep(StepReport report) {
        events.add("step " + report.step());
        steps.add(report);
    }

    @Override
    public void onEvaluation(EvaluationReport report) {
        events.add("eval " + report.step());
        evaluations.add(report);
    }

    double[] losses() {
        return steps.stream().mapToDouble(StepReport::loss).toArray();
    }

    double[] norms() {
        return steps.stream().mapToDouble(StepReport::gradientNorm).toArray();
    }

    EvaluationReport lastEvaluation() {
        return evaluations.get(evaluations.size() - 1);
    }
}
