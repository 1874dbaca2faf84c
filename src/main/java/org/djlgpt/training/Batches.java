package org.djlgpt.training;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

import org.djlgpt.data.SeededShuffle;
import org.djlgpt.data.TrainingSet;

/**
 * What a training learns from, batch by batch. A worker of several takes its share by counting
 * otherwise: {@code (manager, number) -> all.batch(manager, number * workers + worker)}.
 */
@FunctionalInterface
public interface Batches {

    /**
     * Makes a batch, the same one for the same number.
     *
     * @param manager owns the arrays, on the host; a training moves them to its device
     * @param number counts the batches of all steps, from 0
     * @return what the {@link Objective} takes, such as token ids (B, T) and for each the id that
     *     follows it (B, T), INT64
     */
    NDList batch(NDManager manager, long number);

    /**
     * Takes all of a data set in an order that follows from a seed, then all in another.
     *
     * @param set the data set, whose own sampling is not used
     * @param batchSize how much of it is a batch; all if there is no more
     * @param seed what the order follows from
     * @return the batches
     */
    static Batches shuffled(TrainingSet set, int batchSize, int seed) {
        long size = set.size();
        SeededShuffle order = new SeededShuffle(batchSize, seed, size >= batchSize);
        long epoch = order.batchesPerEpoch(size);
        return (manager, number) ->
                set.batch(manager, order.batch(size, number / epoch, number % epoch));
    }
}
