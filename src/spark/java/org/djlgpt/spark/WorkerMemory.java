package org.djlgpt.spark;

import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.djlgpt.training.FlatTensors;
import org.djlgpt.training.TrainingStep;

import java.io.IOException;

/**
 * What a worker keeps from round to round that is its alone: the optimizer's moments, what narrow
 * messages have left out, and the parameters if fragments take turns, since those that were not
 * exchanged differ from the others'.
 */
final class WorkerMemory {

    private final TrainingJob job;
    private final TrainingStep step;
    private final FlatTensors weights;
    private float[][] residuals;

    WorkerMemory(TrainingJob job, TrainingStep step) {
        this.job = job;
        this.step = step;
        weights = new FlatTensors(step.weights());
    }

    /** Tells whether parameters differ between workers behind a round. */
    boolean hasOwnParameters() {
        return job.rounds().fragments() > 1;
    }

    /** Returns all parameters. */
    FlatTensors weights() {
        return weights;
    }

    /** Returns a copy of all parameters, piece by piece. */
    float[][] parameters() {
        Pieces pieces = job.pieces();
        float[][] numbers = new float[pieces.count()][];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = weights.get(pieces.from(i), pieces.length(i));
        }
        return numbers;
    }

    /** Brings such a copy back. */
    void setParameters(float[][] numbers) {
        for (int i = 0; i < numbers.length; i++) {
            weights.set(job.pieces().from(i), numbers[i]);
        }
    }

    /** Returns what earlier messages left out of a piece, to be changed in place. */
    float[] residual(int piece) {
        if (job.rounds().format() == ChangeFormat.FLOAT32) {
            return null;
        }
        if (residuals == null) {
            residuals = new float[job.pieces().count()][];
        }
        if (residuals[piece] == null) {
            residuals[piece] = new float[job.pieces().length(piece)];
        }
        return residuals[piece];
    }

    /** Begins with new moments, and nothing left out. */
    void forget() {
        residuals = null;
        FlatTensors moments = step.optimizerState();
        long numbers = moments.count();
        for (long from = 0; from < numbers; from += Pieces.NUMBERS) {
            moments.set(from, new float[(int) Math.min(Pieces.NUMBERS, numbers - from)]);
        }
        step.setUpdates(0);
    }

    /** Takes over what was written, with moments that come from some updates. */
    void read(FSDataInputStream in, int updates) throws IOException {
        FlatTensors moments = step.optimizerState();
        long numbers = moments.count();
        for (long from = 0; from < numbers; from += Pieces.NUMBERS) {
            int count = (int) Math.min(Pieces.NUMBERS, numbers - from);
            moments.set(from, RoundFolder.read(in, count));
        }
        Pieces pieces = job.pieces();
        for (int i = 0; residual(0) != null && i < pieces.count(); i++) {
            float[] residual = residual(i);
            float[] stored = RoundFolder.read(in, residual.length);
            System.arraycopy(stored, 0, residual, 0, residual.length);
        }
        for (int i = 0; hasOwnParameters() && i < pieces.count(); i++) {
            weights.set(pieces.from(i), RoundFolder.read(in, pieces.length(i)));
        }
        step.setUpdates(updates);
    }

    /** Writes all of it but the number of updates. */
    void write(FSDataOutputStream out) throws IOException {
        FlatTensors moments = step.optimizerState();
        long numbers = moments.count();
        for (long from = 0; from < numbers; from += Pieces.NUMBERS) {
            int count = (int) Math.min(Pieces.NUMBERS, numbers - from);
            RoundFolder.write(out, moments.get(from, count));
        }
        Pieces pieces = job.pieces();
        for (int i = 0; residual(0) != null && i < pieces.count(); i++) {
            RoundFolder.write(out, residual(i));
        }
        for (int i = 0; hasOwnParameters() && i < pieces.count(); i++) {
            RoundFolder.write(out, weights.get(pieces.from(i), pieces.length(i)));
        }
    }
}
