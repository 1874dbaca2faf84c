package org.djlgpt.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Random;

class ChangeFormatTest {

    private static final int LENGTH = 3000; // three blocks, of which the last is not full

    private final Random random = new Random(5);
    private final float[] begun = numbers(1);

    private float[] numbers(double scale) {
        float[] numbers = new float[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            numbers[i] = (float) (scale * random.nextGaussian());
        }
        return numbers;
    }

    private static double[] told(ChangeFormat format, byte[] message, float[] begun) {
        double[] sums = new double[LENGTH];
        format.add(message, begun, sums);
        return sums;
    }

    @Test
    void parametersInFloat32ArriveToTheBit() {
        float[] arrived = numbers(1);

        byte[] message = ChangeFormat.FLOAT32.encode(arrived, null, null);

        double[] told = told(ChangeFormat.FLOAT32, message, null);
        for (int i = 0; i < LENGTH; i++) {
            assertEquals(arrived[i], (float) told[i]);
        }
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, 4.0", "BFLOAT16, 2.0", "INT8, 1.004"})
    void narrowFormatsAreSmall(ChangeFormat format, double bytes) {
        byte[] message = format.encode(numbers(1), begun, new float[LENGTH]);

        assertEquals(bytes * LENGTH, message.length, 0.001 * LENGTH);
    }

    @ParameterizedTest
    @CsvSource({"BFLOAT16, 0.004", "INT8, 0.04"})
    void aChangeArrivesRounded(ChangeFormat format, double error) {
        float[] change = numbers(1e-3);
        float[] arrived = plus(begun, change);

        double[] told = told(format, format.encode(arrived, begun, new float[LENGTH]), begun);

        for (int i = 0; i < LENGTH; i++) {
            assertEquals(arrived[i], told[i], error * 1e-3 * 4);
        }
    }

    /** Without feedback, a change of less than half a step would be lost in every round. */
    @ParameterizedTest
    @EnumSource(
            value = ChangeFormat.class,
            names = {"BFLOAT16", "INT8"})
    void whatAMessageLeavesOutTheNextOnesTell(ChangeFormat format) {
        int rounds = 50;
        float[] zero = new float[LENGTH];
        float[] change = numbers(1e-3);
        change[0] = 1; // next to which the others of its block are small
        float[] residual = new float[LENGTH];
        double[] sums = new double[LENGTH];
        for (int i = 0; i < rounds; i++) {
            format.add(format.encode(change, zero, residual), zero, sums);
        }
        for (int i = 0; i < LENGTH; i++) {
            assertEquals(rounds * change[i], sums[i] + residual[i], 1e-4 * rounds);
            assertEquals(change[i], sums[i] / rounds, 0.01 / rounds + 1e-5);
        }
    }

    @ParameterizedTest
    @EnumSource(ChangeFormat.class)
    void nothingIsToldOfNoChange(ChangeFormat format) {
        double[] told = told(format, format.encode(begun, begun, new float[LENGTH]), begun);

        for (int i = 0; i < LENGTH; i++) {
            assertEquals(begun[i], told[i]);
        }
    }

    private static float[] plus(float[] left, float[] right) {
        float[] sums = left.clone();
        for (int i = 0; i < sums.length; i++) {
            sums[i] += right[i];
        }
        return sums;
    }

    /** Figures by hand: v = 0.9 * 2 + 1, then 5 - 0.7 * (1 + 0.9 * v). */
    @Test
    void theOuterStepIsNesterovs() {
        float[] parameters = {5};
        float[] velocity = {2};

        new OuterStep(0.7, 0.9).apply(parameters, new double[] {4}, velocity);

        assertArrayEquals(new float[] {2.8f}, velocity, 1e-6f);
        assertArrayEquals(new float[] {5 - 0.7f * (1 + 0.9f * 2.8f)}, parameters, 1e-6f);
    }

    @Test
    void withRateOneAndNoMomentumTheOuterStepIsTheMeanToTheBit() {
        float[] parameters = numbers(1);
        double[] mean = new double[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            mean[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-20, 3)));
        }

        new OuterStep(1, 0).apply(parameters, mean, new float[LENGTH]);

        for (int i = 0; i < LENGTH; i++) {
            assertEquals((float) mean[i], parameters[i]);
        }
    }

    @Test
    void piecesCoverAllNumbersOnce() {
        for (long numbers = 1; numbers < 60; numbers++) {
            for (int count = 1; count < 12; count++) {
                Pieces pieces = new Pieces(numbers, count, 1);
                long next = 0;
                for (int i = 0; i < count; i++) {
                    assertEquals(next, pieces.from(i));
                    next += pieces.length(i);
                }
                assertEquals(numbers, next);
            }
        }
        RoundPlan two = RoundPlan.DEFAULT.withWorkers(2);
        assertTrue(Pieces.of(124_000_000, two).length(0) <= Pieces.NUMBERS);
        assertEquals(1000, Pieces.of(124_000_000, RoundPlan.DEFAULT.withWorkers(1000)).count());
    }
}
