package org.djlgpt.testing;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import java.util.Random;

/** Arrays of random numbers that follow from a seed, whatever the engine has drawn before. */
public final class RandomArrays {

    private final NDManager manager;
    private final Random random;

    public RandomArrays(NDManager manager, long seed) {
        this.manager = manager;
        random = new Random(seed);
    }

    /** Makes an array of standard normal numbers. */
    public NDArray normal(DataType type, Shape shape) {
        double[] values = random.doubles(shape.size()).map(u -> random.nextGaussian()).toArray();
        NDArray doubles = manager.create(values, shape);
        return doubles.toType(type, true);
    }

    /** Makes an array of standard normal float32 numbers. */
    public NDArray normal(long... shape) {
        return normal(DataType.FLOAT32, new Shape(shape));
    }

    /** Makes token ids below a vocabulary's size. */
    public NDArray ids(int vocabSize, long... shape) {
        Shape all = new Shape(shape);
        return manager.create(random.longs(all.size(), 0, vocabSize).toArray(), all);
    }

    /** Draws a whole number from least to most. */
    public int between(int least, int most) {
        return least + random.nextInt(most - least + 1);
    }
}
