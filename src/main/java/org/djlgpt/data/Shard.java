package org.djlgpt.data;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

import org.djlgpt.nn.IllegalParameterException;

import java.util.Arrays;

/**
 * Every so many-th thing of a set, so that what lies side by side, as labels may, is shared out.
 */
record Shard(TrainingSet whole, int rank, int workers) implements TrainingSet {

    static TrainingSet of(TrainingSet whole, int rank, int workers) {
        requireShare(rank, workers, whole.size(), "things to learn from");
        return workers == 1 ? whole : new Shard(whole, rank, workers);
    }

    /** Checks that there is a worker, and something for each. */
    static void requireShare(int rank, int workers, long size, String things) {
        if (rank < 0 || rank >= workers) {
            throw new IllegalArgumentException(
                    "rank=%d must lie from 0 to %d".formatted(rank, workers - 1));
        }
        if (workers > size) {
            throw new IllegalParameterException(
                    "{workers}=%d are more than the %d " + things + "; take fewer, or more data",
                    workers,
                    size);
        }
    }

    @Override
    public long size() {
        return (whole.size() - rank + workers - 1) / workers;
    }

    @Override
    public NDList batch(NDManager manager, long... indices) {
        for (long index : indices) {
            if (index < 0 || index >= size()) {
                throw new IllegalArgumentException(
                        "index=%d must lie from 0 to %d".formatted(index, size() - 1));
            }
        }
        return whole.batch(
                manager, Arrays.stream(indices).map(index -> index * workers + rank).toArray());
    }

    @Override
    public int contextLength() {
        return whole.contextLength();
    }

    @Override
    public String fingerprint() {
        return "%s, part %d of %d".formatted(whole.fingerprint(), rank, workers);
    }

    @Override
    public void requireIdsBelow(int vocabSize) {
        whole.requireIdsBelow(vocabSize);
    }
}
