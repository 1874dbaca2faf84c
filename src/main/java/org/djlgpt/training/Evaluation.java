package org.djlgpt.training;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;

import org.djlgpt.data.TrainingSet;
import org.djlgpt.nn.Pass;
import org.djlgpt.torch.Recording;

import java.io.Serializable;
import java.util.stream.LongStream;

/** Measures how well a language model predicts held-out tokens. */
public final class Evaluation {

    private final Block model;
    private final Objective objective;
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
        this(model, Objective.nextToken(), manager, batchSize);
    }

    /**
     * Makes an evaluation.
     *
     * @param model a block that the objective can compute a loss with
     * @param objective what is measured
     * @param manager a manager on the device to compute on
     * @param batchSize how much of a data set is computed at once
     */
    public Evaluation(Block model, Objective objective, NDManager manager, int batchSize) {
        this.model = model;
        this.objective = objective;
        this.manager = manager;
        this.batchSize = batchSize;
    }

    /**
     * Returns the mean loss over things that lie evenly spread over a data set, the same ones each
     * time.
     *
     * @param set the data set
     * @param count how many of it; all if it has no more
     * @return the loss, in nats per token for instance; not finite if the model's scores are not,
     *     or nothing counts
     */
    public double loss(TrainingSet set, long count) {
        return share(set, count, 0, 1).mean();
    }

    /**
     * Losses of which a mean is made.
     *
     * @param sum the sum of the losses
     * @param count how many they are
     * @serial exclude
     */
    public record LossSum(double sum, long count) implements Serializable {

        /**
         * Puts others to these.
         *
         * @param other the others
         * @return all of them
         */
        public LossSum plus(LossSum other) {
            return new LossSum(sum + other.sum, count + other.count);
        }

        /**
         * Returns their mean.
         *
         * @return the mean; NaN if there are none
         */
        public double mean() {
            return sum / count;
        }
    }

    /**
     * Returns what one of several workers adds to {@link #loss}: of the batches, that of its rank
     * and every {@code workers}-th after it.
     *
     * @param set the data set
     * @param count how much of it all workers take; all if it has no more
     * @param rank counts the workers, from 0
     * @param workers how many there are
     * @return the losses of the worker's batches
     */
    public LossSum share(TrainingSet set, long count, int rank, int workers) {
        long size = set.size();
        long taken = Math.min(count, size);
        double sum = 0;
        long counted = 0;
        long every = (long) workers * batchSize;
        for (long from = (long) rank * batchSize; from < taken; from += every) {
            long to = Math.min(from + batchSize, taken);
            long[] indices = LongStream.range(from, to).map(i -> i * size / taken).toArray();
            try (Recording off = Recording.off();
                    NDManager batchManager = manager.newSubManager()) {
                NDList batch = set.batch(batchManager, indices);
                long weight = objective.count(batch);
                if (weight > 0) {
                    Pass pass = new Pass(new ParameterStore(batchManager, false), false);
                    sum += weight * (double) objective.loss(model, batch, pass).getFloat();
                }
                counted += weight;
            }
        }
        return new LossSum(sum, counted);
    }
}
