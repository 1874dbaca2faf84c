package org.djlgpt.generation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.Kernels;

/** Where the chance comes from when a {@link Sampler} chooses at random. */
@FunctionalInterface
public interface Draw {

    /**
     * Draws an index from each row of probabilities.
     *
     * @param probabilities rows (B, V), float32, not negative, with a positive sum
     * @return indices (B, 1) of type INT64
     */
    NDArray from(NDArray probabilities);

    /**
     * Draws from the engine's generator, all rows from the same one, as <a
     * href="https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html">torch.multinomial</a>
     * does: {@code Engine.getInstance().setRandomSeed(123)} makes the choices repeat.
     *
     * @return the draw
     */
    static Draw ofEngine() {
        return Kernels::multinomial;
    }

    /**
     * Draws with a number for each row, so that what is drawn in one row does not depend on the
     * others: the first index up to which more than that share of the probabilities lies.
     *
     * @param chances numbers in [0, 1), one for each row
     * @return the draw
     */
    static Draw with(double... chances) {
        return probabilities -> {
            Shape shape = new Shape(chances.length, 1);
            try (NDArray shares = probabilities.getManager().create(chances, shape)) {
                return Kernels.quantile(probabilities, shares);
            }
        };
    }
}
