package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Threads;

/** The checks that blocks make of what they are built from and given. */
public final class Checks {

    private Checks() {}

    /**
     * Checks that a size is at least 1.
     *
     * @param name the size's name
     * @param value the size
     * @return the size
     * @throws IllegalArgumentException if it is below 1
     */
    public static int requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalParameterException(
                    "{%s}=%%d must be at least 1; set {%s}".formatted(name, name), value);
        }
        return value;
    }

    /**
     * Checks that a dropout rate lies in [0, 1).
     *
     * @param rate the probability that an element is zeroed
     * @return the rate
     * @throws IllegalArgumentException if it lies outside
     */
    public static float requireDropout(float rate) {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalParameterException(
                    "{dropout}=%s must lie in [0, 1); use 0 for none", rate);
        }
        return rate;
    }

    /**
     * Checks what keeps a norm's denominator from zero.
     *
     * @param epsilon the number
     * @return the number
     * @throws IllegalArgumentException if it is not positive and finite
     */
    public static double requireEpsilon(double epsilon) {
        if (!(epsilon > 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "epsilon=%s must be positive; use 1e-5".formatted(epsilon));
        }
        return epsilon;
    }

    /**
     * Checks that heads divide a width.
     *
     * @param numHeads the number of heads
     * @param name the width's name
     * @param width the width
     * @throws IllegalArgumentException if the division leaves a remainder
     */
    public static void requireDivisible(int numHeads, String name, int width) {
        requireDivisible("numHeads", numHeads, name, width);
    }

    /**
     * Checks that a number divides another.
     *
     * @param divisorName the divisor's name
     * @param divisor the divisor, at least 1
     * @param name the other's name
     * @param number the other, at least 1
     * @throws IllegalArgumentException if the division leaves a remainder
     */
    public static void requireDivisible(String divisorName, int divisor, String name, int number) {
        if (number % divisor != 0) {
            int below = Math.min(divisor, number);
            while (number % below != 0) {
                below--;
            }
            int above = Math.min(divisor, number);
            while (number % above != 0) {
                above++;
            }
            String rule = "{%s}=%%d must divide {%s}=%%d; use {%s}=%%d%s";
            String more = above == below ? "" : " or " + above;
            throw new IllegalParameterException(
                    rule.formatted(divisorName, name, divisorName, more), divisor, number, below);
        }
    }

    /**
     * Checks that a sequence fits the context.
     *
     * @param tokens the number of tokens T
     * @param contextLength the most that the block takes
     * @throws IllegalArgumentException if it is longer
     */
    public static void requireContext(long tokens, int contextLength) {
        if (tokens > contextLength) {
            throw new IllegalParameterException(
                    "%d tokens exceed {contextLength}=%d; crop the input to %d tokens or build with"
                            + " a larger {contextLength}",
                    tokens, contextLength, contextLength);
        }
    }

    /**
     * Checks the rank of an input.
     *
     * @param block the block's name
     * @param shape the input's shape
     * @param expected how a right shape looks, for the message
     * @param least the least number of dimensions
     * @param most the greatest number of dimensions
     * @throws IllegalArgumentException if the rank lies outside
     */
    public static void requireRank(
            String block, Shape shape, String expected, int least, int most) {
        if (shape.dimension() < least || shape.dimension() > most) {
            throw new IllegalArgumentException(
                    "%s: input has shape %s with %d dimensions, but needs %s; reshape or expand it"
                            .formatted(block, shape, shape.dimension(), expected));
        }
    }

    /**
     * Checks the last dimension of an input.
     *
     * @param block the block's name
     * @param shape the input's shape, of rank 1 at least
     * @param name what the block calls its last dimension
     * @param size the size that it needs
     * @throws IllegalArgumentException if the last dimension is another
     */
    public static void requireLastDimension(String block, Shape shape, String name, long size) {
        long last = shape.get(shape.dimension() - 1);
        if (last != size && last != -1) {
            throw new IllegalArgumentException(
                    ("%s: input has shape %s with last dimension %d, but %s=%d; build the "
                                    + "block with %s=%d or project the input")
                            .formatted(block, shape, last, name, size, name, last));
        }
    }

    /**
     * Checks that numbers are of a floating-point type that blocks compute in.
     *
     * @param block the block's name
     * @param type the input's type
     * @throws IllegalArgumentException if it is neither FLOAT32 nor FLOAT64 nor bfloat16
     */
    public static void requireFloating(String block, DataType type) {
        boolean known = type == DataType.FLOAT32 || type == DataType.FLOAT64;
        if (!known && type != DataType.UNKNOWN) { // bfloat16 shows as UNKNOWN
            throw new IllegalArgumentException(
                    ("%s: input has type %s, but needs FLOAT32 or FLOAT64; convert it with "
                                    + "toType(DataType.FLOAT32, false)")
                            .formatted(block, type));
        }
    }

    /**
     * Checks that parameters are of a type that can be trained; the engine ends the process on some
     * of the others.
     *
     * @param owner the name of the block or optimizer
     * @param type the parameters' type
     * @throws IllegalArgumentException if it is neither FLOAT32 nor FLOAT64
     */
    public static void requireWeight(String owner, DataType type) {
        if (type != DataType.FLOAT32 && type != DataType.FLOAT64) {
            throw new IllegalArgumentException(
                    ("%s: parameters can't be %s; keep them in FLOAT32 (or FLOAT64) and compute"
                                    + " inside Autocast.bfloat16() for speed")
                            .formatted(owner, type));
        }
    }

    /**
     * Checks that numbers are token ids.
     *
     * @param block the block's name
     * @param type the input's type
     * @throws IllegalArgumentException if it is neither INT32 nor INT64
     */
    public static void requireTokenIds(String block, DataType type) {
        if (type != DataType.INT32 && type != DataType.INT64) {
            throw new IllegalArgumentException(
                    ("%s: input has type %s, but token ids are INT32 or INT64; convert it "
                                    + "with toType(DataType.INT64, false)")
                            .formatted(block, type));
        }
    }

    /**
     * Checks that every token id is in the vocabulary, since native code must not see another.
     *
     * @param ids token ids of type INT32 or INT64
     * @param vocabSize the number of ids
     * @throws IllegalArgumentException if an id is negative or not below {@code vocabSize}
     */
    public static void requireKnownTokens(NDArray ids, long vocabSize) {
        requireKnown(ids, vocabSize, 0);
    }

    /** The same for targets, of which some may be {@link CrossEntropy#IGNORED}. */
    static void requireKnownTargets(NDArray ids, long vocabSize) {
        requireKnown(ids, vocabSize, CrossEntropy.IGNORED);
    }

    private static void requireKnown(NDArray ids, long vocabSize, long alsoKnown) {
        long[] values = ComputeDevice.read(ids);
        for (int i = 0; i < values.length; i++) {
            boolean known = values[i] >= 0 && values[i] < vocabSize || values[i] == alsoKnown;
            if (!known) {
                throw new IllegalArgumentException(
                        ("token id %d at position %d of %s is outside the vocabulary of %d ids (0"
                                        + " to %d); encode the text with the model's own tokenizer")
                                .formatted(values[i], i, ids.getShape(), vocabSize, vocabSize - 1));
            }
        }
    }

    /**
     * Checks a number of threads.
     *
     * @param threads the number
     * @return the number
     * @throws IllegalParameterException if it lies outside 1 to {@link Threads#MOST}
     */
    public static int requireThreads(int threads) {
        if (threads < 1 || threads > Threads.MOST) {
            throw new IllegalParameterException(
                    "{threads}=%d must lie in 1 to %d; use %d, the processors of this process",
                    threads, Threads.MOST, Runtime.getRuntime().availableProcessors());
        }
        return threads;
    }
}
