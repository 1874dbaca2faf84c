package org.djlgpt.training;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

import org.djlgpt.text.SeededShuffle;
import org.djlgpt.text.TokenWindows;

/**
 * What a training learns from, batch by batch. A worker of several takes its share by counting
 * otherwise: {@code (manager, number) -> all.batch(manager, number * workers + worker)}.
 */
@FunctionalInterface
public interface Batches {

    /**
     * Makes a batch, the same one for the same number.
     *
     * @param manager owns the arrays
     * @param number counts the batches of all steps, from 0
     * @return token ids (B, T) and for each the id that follows it (B, T), INT64
     */
    NDList batch(NDManager manager, long number);

    /**
     * Takes all windows of a data set in an order that follows from a seed, then all in another.
     *
     * @param windows the data set, whose own sampling is not used
     * @param batchSize the number of windows in a batch; all if there are no more
     * @param seed what the order follows from
     * @return the batches
     */
    static Batches shuffled(TokenWindows windows, int batchSize, int seed) {
        long size = windows.size();
        SeededShuffle order = new SeededShuffle(batchSize, seed, size >= batchSize);
        long epoch = order.batchesPerEpoch(size);
        return (manager, number) ->
                windows.batch(manager, order.batch(size, number / epoch, number % epoch));
    }
}
