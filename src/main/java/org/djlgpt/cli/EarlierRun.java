package org.djlgpt.cli;

import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.TrainingListener;

import java.io.IOException;

/**
 * Deletes what an earlier run has left in the folder as soon as the new one has something to put in
 * its place, so that the folder never holds parts of both. Comes before all listeners that write.
 */
final class EarlierRun implements TrainingListener {

    private final RunDirectory run;
    private boolean tried;
    private boolean replaced;

    EarlierRun(RunDirectory run) {
        this.run = run;
    }

    @Override
    public void onResume(Checkpoint checkpoint) {
        tried = true;
        replaced = true;
    }

    @Override
    public void onEvaluation(EvaluationReport report) throws IOException {
        if (report.step() > 0) {
            remove();
        }
    }

    @Override
    public void beforeCheckpoint(int step) throws IOException {
        remove();
    }

    private void remove() throws IOException {
        if (!tried) {
            tried = true; // once, or what the new run has written would go too
            run.clear();
            replaced = true;
        }
    }

    /** Returns whether what lies in the folder is of this run. */
    boolean isReplaced() {
        return replaced;
    }
}
