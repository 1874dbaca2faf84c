package org.djlgpt.cli;

import org.djlgpt.model.GptModel;
import org.djlgpt.model.ModelDirectory;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.TrainingListener;

import java.io.IOException;

/**
 * Keeps the best model of a run in its folder; if no step improved on the untrained model, the last
 * one.
 *
 * <p>A model of an earlier run stays until this one has something to put in its place; there always
 * is a whole model, whenever the process ends.
 */
final class Checkpoint implements TrainingListener {

    private final GptModel model;
    private final Tokenizer tokenizer;
    private final RunDirectory run;
    private final int steps;
    private double loss = Double.NaN;

    Checkpoint(GptModel model, Tokenizer tokenizer, RunDirectory run, int steps) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.run = run;
        this.steps = steps;
    }

    @Override
    public void onEvaluation(EvaluationReport report) throws IOException {
        boolean first = Double.isNaN(loss);
        boolean isTrained = report.step() > 0;
        if (isTrained && (report.best() || first && report.step() == steps)) {
            ModelDirectory.save(model, tokenizer, run.path());
            loss = report.validationLoss();
        }
    }

    /** Returns the validation loss of the model in the folder; NaN if there is none of this run. */
    double loss() {
        return loss;
    }
}
