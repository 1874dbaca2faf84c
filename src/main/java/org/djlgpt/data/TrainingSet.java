package org.djlgpt.data;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/**
 * Things to learn from, by number, as a training takes them: in batches of its own order, each a
 * list of arrays whose first dimension counts the things and of which the first has token ids.
 */
public interface TrainingSet {

    /**
     * Returns how many things there are.
     *
     * @return at least 1
     */
    long size();

    /**
     * Returns several things as one batch.
     *
     * @param manager the manager of the arrays
     * @param indices which, each from 0 to {@link #size()} - 1, at least one
     * @return the arrays, in the order of the indices
     * @throws IllegalArgumentException if there are no indices or one does not exist
     */
    NDList batch(NDManager manager, long... indices);

    /**
     * Returns the most tokens that one of them has.
     *
     * @return at least 1; a model's context must have room for them
     */
    int contextLength();

    /**
     * Says which things these are; another set that says the same has the same ones.
     *
     * @return a short text
     */
    String fingerprint();

    /**
     * Checks that a model has an embedding for every id, so that no batch needs to be looked at.
     *
     * @param vocabSize the number of ids that the model knows
     * @throws IllegalArgumentException if an id is {@code vocabSize} or more, naming it
     */
    void requireIdsBelow(int vocabSize);

    /**
     * Returns the part that one of several workers learns from: each thing belongs to one of them,
     * and their parts differ by one thing at most.
     *
     * @param rank counts the workers, from 0
     * @param workers how many there are
     * @return a part of at least one thing; with one worker all
     * @throws IllegalArgumentException if there is no such worker, or there are more than things
     */
    default TrainingSet shard(int rank, int workers) {
        return Shard.of(this, rank, workers);
    }
}
