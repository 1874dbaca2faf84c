package org.djlgpt.plot;

import java.awt.Font;
import java.math.BigDecimal;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * An axis from 0 in steps of 1, 2 or 5 times a power of ten.
 *
 * @param step the distance of ticks
 * @param steps their number, the one at 0 not counted
 */
record ValueAxis(BigDecimal step, int steps) {

    private static final int MOST_STEPS = 6;

    /** Returns the axis with the fewest ticks above a number, which may be 0. */
    static ValueAxis upTo(double largest) {
        double end = largest > 0 ? largest : 1;
        int power = (int) Math.floor(Math.log10(end / MOST_STEPS));
        for (int factor : new int[] {1, 2, 5, 10, 20}) {
            BigDecimal step = BigDecimal.valueOf(factor).scaleByPowerOfTen(power);
            int steps = (int) Math.ceil(end / step.doubleValue() - 1e-6);
            if (steps <= MOST_STEPS) {
                return new ValueAxis(step, steps);
            }
        }
        throw new IllegalStateException("no axis reaches " + largest);
    }

    double end() {
        return step.doubleValue() * steps;
    }

    double[] ticks() {
        return IntStream.rangeClosed(0, steps).mapToDouble(i -> i * step.doubleValue()).toArray();
    }

    double widest(Font font) {
        return DoubleStream.of(ticks())
                .map(t -> FittedTitle.width(Digits.of(t, 3), font))
                .max()
                .orElseThrow();
    }
}
