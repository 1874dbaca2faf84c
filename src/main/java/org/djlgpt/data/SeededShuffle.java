package org.djlgpt.data;

import ai.djl.training.dataset.RandomAccessDataset;
import ai.djl.training.dataset.Sampler;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Random batches without replacement that follow from a seed, for data sets of any size.
 *
 * <p>Each epoch has another order, and the same seed gives the same orders. DJL's {@link
 * ai.djl.training.dataset.RandomSampler} keeps the order of all records in memory; here every batch
 * is computed from the seed, its epoch and its place, so {@link #batch} can go anywhere at once and
 * {@link #startingAt} resumes a training exactly.
 *
 * <p>Only the number of the next epoch changes, when {@link #sample} begins it.
 */
public final class SeededShuffle implements Sampler {

    private final int batchSize;
    private final long seed;
    private final boolean dropLast;
    private final long firstBatch;
    private final long firstEpoch;
    private final AtomicLong nextEpoch;

    /**
     * Makes the orders of a seed.
     *
     * @param batchSize the number of records in a batch, at least 1
     * @param seed any number
     * @param dropLast whether an epoch leaves out the records (others in each epoch) that do not
     *     fill a batch; otherwise its last batch may be smaller
     * @throws IllegalArgumentException if {@code batchSize} is less than 1
     */
    public SeededShuffle(int batchSize, long seed, boolean dropLast) {
        this(batchSize, seed, dropLast, 0, 0);
    }

    private SeededShuffle(
            int batchSize, long seed, boolean dropLast, long firstEpoch, long firstBatch) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batchSize=" + batchSize + " must be at least 1");
        }
        if (firstEpoch < 0 || firstBatch < 0) {
            throw new IllegalArgumentException(
                    "epoch=" + firstEpoch + " and batch=" + firstBatch + " must be at least 0");
        }
        this.batchSize = batchSize;
        this.seed = seed;
        this.dropLast = dropLast;
        this.firstBatch = firstBatch;
        this.firstEpoch = firstEpoch;
        nextEpoch = new AtomicLong(firstEpoch);
    }

    /**
     * Returns the same orders from a later point on, to resume a training.
     *
     * @param epoch the epoch that the first call of {@link #sample} gives, counted from 0
     * @param batch the batch that this epoch begins with, counted from 0; later epochs are whole
     * @return a sampler of its own
     * @throws IllegalArgumentException if a number is negative
     */
    public SeededShuffle startingAt(long epoch, long batch) {
        return new SeededShuffle(batchSize, seed, dropLast, epoch, batch);
    }

    /**
     * Returns one batch of one epoch.
     *
     * @param size the number of records, at least 1
     * @param epoch the epoch, counted from 0
     * @param batch the batch in the epoch, from 0 to {@link #batchesPerEpoch} - 1
     * @return the indices of its records
     * @throws IllegalArgumentException if a number is out of range
     */
    public long[] batch(long size, long epoch, long batch) {
        long batches = batchesPerEpoch(size);
        if (epoch < 0 || batch < 0 || batch >= batches) {
            throw new IllegalArgumentException(
                    String.format(
                            "epoch=%d batch=%d does not exist; epochs start at 0 and have %d"
                                    + " batches",
                            epoch, batch, batches));
        }
        return batch(order(size, epoch), size, batch);
    }

    /**
     * Returns the number of batches in an epoch.
     *
     * @param size the number of records, at least 1
     * @return the number of batches, 0 if a smaller batch is dropped and all records make less than
     *     one
     * @throws IllegalArgumentException if {@code size} is less than 1
     */
    public long batchesPerEpoch(long size) {
        if (size < 1) {
            throw new IllegalArgumentException("size=" + size + " must be at least 1 record");
        }
        long full = size / batchSize;
        return dropLast || size % batchSize == 0 ? full : full + 1;
    }

    /**
     * Begins the next epoch over a data set.
     *
     * @param dataset the data set
     * @return the batches of the epoch
     */
    @Override
    public Iterator<List<Long>> sample(RandomAccessDataset dataset) {
        long size = dataset.size();
        long batches = batchesPerEpoch(size);
        long epoch = nextEpoch.getAndIncrement();
        FeistelPermutation order = order(size, epoch);
        return new Iterator<>() {
            private long next = epoch == firstEpoch ? firstBatch : 0;

            @Override
            public boolean hasNext() {
                return next < batches;
            }

            @Override
            public List<Long> next() {
                if (!hasNext()) {
                    throw new NoSuchElementException(
                            "epoch " + epoch + " has " + batches + " batches");
                }
                return Arrays.stream(batch(order, size, next++)).boxed().toList();
            }
        };
    }

    @Override
    public int getBatchSize() {
        return batchSize;
    }

    private FeistelPermutation order(long size, long epoch) {
        return new FeistelPermutation(size, FeistelPermutation.mix(seed) + epoch);
    }

    private long[] batch(FeistelPermutation order, long size, long batch) {
        long from = batch * batchSize;
        long[] indices = new long[(int) Math.min(batchSize, size - from)];
        Arrays.setAll(indices, i -> order.at(from + i));
        return indices;
    }
}
