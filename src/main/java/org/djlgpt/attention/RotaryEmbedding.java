package org.djlgpt.attention;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Functional;
import org.djlgpt.nn.IllegalParameterException;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.Positions;
import org.djlgpt.nn.TensorBlock;

import java.lang.ref.Cleaner;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells positions by turning queries and keys, (.., T, D) to the same: the token at position p has
 * the pair of its numbers i and i + D / 2 turned by the angle p * base<sup>-2i/D</sup>. The product
 * of a query and a key then depends on how far they are apart (Su et al., "RoFormer: Enhanced
 * Transformer with Rotary Position Embedding", 2021, section 3.4.2; pairs as Hugging Face stores
 * them, where the paper has neighbours).
 *
 * <pre>
 * pair      position 0   1        2        3        angles for D = 8, base 10000
 * (0, 4)    0            1        2        3        quick: tells neighbours apart
 * (1, 5)    0            0.1      0.2      0.3
 * (2, 6)    0            0.01     0.02     0.03
 * (3, 7)    0            0.001    0.002    0.003    slow: tells near from far
 * </pre>
 *
 * <p>It has no parameters. Cosines and sines are kept for each device, for as many positions as
 * have been asked for, so layers should share a block.
 */
public final class RotaryEmbedding extends TensorBlock {

    /** The base of the paper; Llama 3 has 500000. */
    public static final double BASE = 10000;

    private static final Cleaner CLEANER = Cleaner.create();

    private final int headDim;
    private final Tables tables;

    /**
     * Makes a rotation with the paper's base.
     *
     * @param headDim the width D of a head, even
     * @throws IllegalArgumentException if {@code headDim} is odd or below 2
     */
    public RotaryEmbedding(int headDim) {
        this(headDim, BASE, Scaling.none());
    }

    /**
     * Makes a rotation.
     *
     * @param headDim the width D of a head, even
     * @param base how much slower the last pair turns than the first, above 1; also called theta
     * @param scaling how the angles are changed for contexts longer than those of training
     * @throws IllegalArgumentException if a number is out of range
     */
    public RotaryEmbedding(int headDim, double base, Scaling scaling) {
        requireUsable(headDim, base);
        this.headDim = headDim;
        tables = new Tables(frequencies(headDim, base, scaling), new ConcurrentHashMap<>());
        CLEANER.register(this, tables::close);
    }

    /**
     * Checks what a rotation is made from.
     *
     * @param headDim the width D of a head
     * @param base how much slower the last pair turns than the first
     * @throws IllegalArgumentException if {@code headDim} is odd or below 2, or the base not above
     *     1
     */
    public static void requireUsable(int headDim, double base) {
        if (headDim < 2 || headDim % 2 != 0) {
            throw new IllegalParameterException(
                    "{headDim}=%d must be even to be rotated in pairs; use %d",
                    headDim, Math.max(2, headDim + 1));
        }
        if (!(base > 1 && base < Double.POSITIVE_INFINITY)) {
            throw new IllegalParameterException("{ropeBase}=%s must be above 1; use 10000", base);
        }
    }

    /**
     * Angles per position, rounded to float32 at each step as where models are trained: at position
     * 100000 the last bit of an angle turns a pair by up to 0.003.
     */
    private static float[] frequencies(int headDim, double base, Scaling scaling) {
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            float slowness = (float) Math.pow(base, 2f * i / headDim);
            frequencies[i] = (float) scaling.scale(1 / slowness);
        }
        return frequencies;
    }

    void requireHeadDim(int headDim) {
        if (headDim != this.headDim) {
            throw new IllegalArgumentException(
                    "a rotation for headDim=%d can't turn heads of headDim=%d; make it for %d"
                            .formatted(this.headDim, headDim, headDim));
        }
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        return rotate(x, pass.positions());
    }

    /**
     * Rotates tokens that follow others.
     *
     * @param x queries or keys (.., T, D)
     * @param start the position of the first of them, at least 0
     * @return the rotated ones (.., T, D)
     * @throws IllegalArgumentException if the block does not take {@code x}, or the position is
     *     negative
     */
    public NDArray rotate(NDArray x, int start) {
        return rotate(x, Positions.from(start));
    }

    /**
     * Rotates tokens.
     *
     * @param x queries or keys (.., T, D); heads (B, H, T, D) if rows are packed
     * @param positions where the tokens stand
     * @return the rotated ones, of the same shape
     * @throws IllegalArgumentException if the block does not take {@code x}
     */
    public NDArray rotate(NDArray x, Positions positions) {
        requireShape(x.getShape());
        long tokens = x.getShape().get(x.getShape().dimension() - 2);
        Angles angles = tables.upTo(positions.end(tokens), x.getDevice());
        return Functional.rotate(
                x,
                positions.lookUp(angles.cosine, tokens), // (T, D / 2) or (B, T, D / 2)
                positions.lookUp(angles.sine, tokens));
    }

    /**
     * Returns the cosines of the angles.
     *
     * @param positions how many positions, from 0 on
     * @param device where the array is
     * @return at least so many rows (.., D / 2), owned by this block
     */
    public NDArray cosine(int positions, Device device) {
        return tables.upTo(positions, device).cosine;
    }

    /**
     * Returns the sines of the angles.
     *
     * @param positions how many positions, from 0 on
     * @param device where the array is
     * @return at least so many rows (.., D / 2), owned by this block
     */
    public NDArray sine(int positions, Device device) {
        return tables.upTo(positions, device).sine;
    }

    @Override
    protected void requireShape(Shape input) {
        Checks.requireRank(name(), input, "(.., T, headDim)", 2, Integer.MAX_VALUE);
        Checks.requireLastDimension(name(), input, "headDim", headDim);
    }

    @Override
    protected Shape outputShape(Shape input) {
        return input;
    }

    /** Cosines and sines (positions, D / 2). */
    private record Angles(NDArray cosine, NDArray sine, NDManager owner) {}

    private record Tables(float[] frequencies, Map<Device, Angles> byDevice) {

        private static final int FEWEST = 256;

        Angles upTo(int positions, Device device) {
            Angles angles = byDevice.get(device);
            if (angles == null || angles.cosine.getShape().get(0) < positions) {
                angles = byDevice.compute(device, (key, old) -> grown(old, positions, key));
            }
            return angles;
        }

        private Angles grown(Angles old, int positions, Device device) {
            if (old != null && old.cosine.getShape().get(0) >= positions) {
                return old;
            }
            int rows = FEWEST;
            while (rows < positions) {
                rows *= 2;
            }
            float[] cosines = new float[rows * frequencies.length];
            float[] sines = new float[rows * frequencies.length];
            for (int i = 0; i < cosines.length; i++) {
                float angle = (i / frequencies.length) * frequencies[i % frequencies.length];
                cosines[i] = (float) Math.cos(angle);
                sines[i] = (float) Math.sin(angle);
            }
            // those that it takes the place of may be in use, and live until the block ends
            NDManager owner = old == null ? NDManager.newBaseManager(device) : old.owner;
            owner.setName("rotary angles");
            Shape shape = new Shape(rows, frequencies.length);
            NDArray cosine = owner.create(cosines, shape);
            NDArray sine = owner.create(sines, shape);
            NDScope.unregister(cosine, sine);
            return new Angles(cosine, sine, owner);
        }

        void close() {
            byDevice.values().forEach(angles -> angles.owner.close());
        }
    }

    /** How angles are changed so that a model reads longer texts than it was trained on. */
    public sealed interface Scaling {

        /**
         * Changes the speed at which a pair turns.
         *
         * @param frequency the angle for a position
         * @return the angle to use instead
         */
        double scale(double frequency);

        /**
         * Leaves the angles as they are.
         *
         * @return the scaling
         */
        static Scaling none() {
            return new None();
        }

        /** Leaves the angles as they are. */
        record None() implements Scaling {

            @Override
            public double scale(double frequency) {
                return frequency;
            }
        }

        /**
         * Divides all angles, so that positions lie closer together (Chen et al., "Extending
         * Context Window of Large Language Models via Positional Interpolation", 2023).
         *
         * @param factor what to divide by, at least 1
         */
        record Linear(double factor) implements Scaling {

            /**
             * Checks the factor.
             *
             * @param factor what to divide by, at least 1
             * @throws IllegalArgumentException if it is below 1
             */
            public Linear {
                requireFactor(factor);
            }

            @Override
            public double scale(double frequency) {
                return frequency / factor;
            }
        }

        /**
         * Divides the angles of slow pairs, leaves those of quick ones, and blends in between
         * (Grattafiori et al., "The Llama 3 Herd of Models", 2024, and Llama 3.1's published code).
         *
         * @param factor what slow angles are divided by, at least 1
         * @param lowFrequencyFactor a pair is slow that turns fewer times than this in the original
         *     context
         * @param highFrequencyFactor a pair is quick that turns more often than this; greater
         * @param originalContextLength the tokens of a sequence in training
         */
        record Llama3(
                double factor,
                double lowFrequencyFactor,
                double highFrequencyFactor,
                int originalContextLength)
                implements Scaling {

            /**
             * Checks the numbers.
             *
             * @param factor what slow angles are divided by, at least 1
             * @param lowFrequencyFactor turns in the original context, positive
             * @param highFrequencyFactor turns in it, greater
             * @param originalContextLength the tokens of a sequence in training, at least 1
             * @throws IllegalArgumentException if one is out of range
             */
            public Llama3 {
                requireFactor(factor);
                Checks.requirePositive("originalContextLength", originalContextLength);
                if (!(lowFrequencyFactor > 0 && highFrequencyFactor > lowFrequencyFactor)) {
                    throw new IllegalArgumentException(
                            "lowFrequencyFactor=%s must be positive and below highFrequencyFactor=%s"
                                    .formatted(lowFrequencyFactor, highFrequencyFactor));
                }
            }

            @Override
            public double scale(double frequency) {
                double turns = originalContextLength * frequency / (2 * Math.PI);
                double quick =
                        (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
                double share = Math.min(1, Math.max(0, quick));
                return (1 - share) * frequency / factor + share * frequency;
            }
        }

        private static void requireFactor(double factor) {
            if (!(factor >= 1 && factor < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "rotary scaling factor=%s must be at least 1; leave the scaling out for none"
                                .formatted(factor));
            }
        }
    }
}
