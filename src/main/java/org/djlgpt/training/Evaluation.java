package org.djlgpt.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.FusedLoss;
import org.djlgpt.nn.Pass;
import org.djlgpt.text.TokenWindows;
import org.djlgpt.torch.Recording;

import java.util.stream.LongStream;

/** Measures how well a language model predicts held-out tokens. */
public final class Evaluation {

    private final Block model;
    private final NDManager manager;
    private final int batchSize;

    /**
     * Makes an evaluation.
     *
     * @param model a block from token ids (B, T) to logits (B, T, V)
     * @param manager a manager on the device to compute on
     * @param batchSize the number of windows in a forward pass
     */
    public Evaluation(Block model, NDManager manager, int batchSize) {
        this.model = model;
        this.manager = manager;
        this.batchSize = batchSize;
    }

    /**
     * Returns the mean loss over windows that lie evenly spread over a data set, the same ones each
     * time.
     *
     * @param windows the data set
     * @param count how many of its windows; all if it has no more
     * @return the loss in nats per token, not finite if the model's scores are not
     */
    public double loss(TokenWindows windows, long count) {
        long size = windows.size();
        long taken = Math.min(count, size);
        double sum = 0;
        for (long from = 0; from < taken; from += batchSize) {
            long to = Math.min(from + batchSize, taken);
            long[] indices = LongStream.range(from, to).map(i -> i * size / taken).toArray();
            sum += indices.length * batchLoss(windows, indices);
        }
        return sum / taken;
    }

    private double batchLoss(TokenWindows windows, long[] indices) {
        try (Recording off = Recording.off();
                NDManager batchManager = manager.newSubManager()) {
            NDList batch = windows.batch(batchManager, indices);
            Pass pass = new Pass(new ParameterStore(batchManager, false), false);
            return loss(model, batch, pass).getFloat();
        }
    }

    static NDArray loss(Block model, NDList batch, Pass pass) {
        if (model instanceof FusedLoss fused) {
            return fused.loss(batch.get(0), batch.get(1), pass);
        }
        return CrossEntropy.mean(pass.through(batch.get(0), model), batch.get(1));
    }
}
