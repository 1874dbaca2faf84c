package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;

import org.djlgpt.torch.Recording;

/**
 * What {@link FusedAdamW} remembers of a parameter: the running means of its gradients and of their
 * squares, and how many updates they come from.
 */
public final class AdamMoments {

    private final NDArray mean;
    private final NDArray square;
    private int updates;

    AdamMoments(NDArray weight) {
        mean = weight.zerosLike();
        square = weight.zerosLike();
        NDScope.unregister(mean, square);
    }

    /**
     * Returns the running mean of the gradients.
     *
     * @return an array of the parameter's shape, which changes with the next update
     */
    public NDArray mean() {
        return mean;
    }

    /**
     * Returns the running mean of the gradients' squares.
     *
     * @return an array of the parameter's shape, which changes with the next update
     */
    public NDArray square() {
        return square;
    }

    /**
     * Returns how many updates the parameter has had.
     *
     * @return the number of updates, 0 or more
     */
    public int updates() {
        return updates;
    }

    /**
     * Takes over what another optimizer has left.
     *
     * @param mean the running mean of the gradients, copied
     * @param square the running mean of their squares, copied
     * @param updates the updates that they come from
     * @throws IllegalArgumentException if a shape is not the parameter's, or {@code updates} is
     *     negative
     */
    public void restore(NDArray mean, NDArray square, int updates) {
        requireShape("mean", mean);
        requireShape("square", square);
        if (updates < 0) {
            throw new IllegalArgumentException("updates=%d must be at least 0".formatted(updates));
        }
        try (Recording off = Recording.off();
                NDScope scope = new NDScope()) {
            this.mean.set(new NDIndex("..."), mean);
            this.square.set(new NDIndex("..."), square);
        }
        this.updates = updates;
    }

    private void requireShape(String name, NDArray array) {
        if (!array.getShape().equals(mean.getShape())) {
            throw new IllegalArgumentException(
                    "%s has shape %s, but the parameter %s"
                            .formatted(name, array.getShape(), mean.getShape()));
        }
    }

    void countUpdate() {
        updates++;
    }

    void close() {
        mean.close();
        square.close();
    }
}
