package org.djlgpt.plot;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.stream.LongStream;

/**
 * An axis whose ticks are 1, 2 or 5 times a power of ten apart.
 *
 * @param step the distance of ticks
 * @param first where the axis begins, in steps from 0
 * @param last where it ends, in steps from 0
 */
record ValueAxis(BigDecimal step, double first, double last) {

    private static final BigDecimal LARGE = new BigDecimal("1e7");
    private static final BigDecimal SMALL = new BigDecimal("1e-5");

    /** The share of a step by which a number may lie outside: floats are not quite decimal. */
    private static final double TOLERANCE = 1e-6;

    /** The space between the axis and its numbers. */
    static final int GAP = 6;

    /**
     * Returns the shortest axis from tick to tick that holds two numbers.
     *
     * @param low the lower number
     * @param high a higher one
     * @param most the most steps, from 3
     */
    static ValueAxis around(double low, double high, int most) {
        int power = (int) Math.floor(Math.log10(high / most - low / most));
        for (int factor : new int[] {1, 2, 5, 10, 20, 50}) {
            BigDecimal step = BigDecimal.valueOf(factor).scaleByPowerOfTen(power);
            double first = Math.floor(low / step.doubleValue() + TOLERANCE);
            double last = Math.ceil(high / step.doubleValue() - TOLERANCE);
            if (last - first <= most) {
                return new ValueAxis(step, first, last);
            }
        }
        throw new IllegalStateException("no axis reaches from " + low + " to " + high);
    }

    /** Returns the axis that begins and ends at these numbers, with the same ticks. */
    ValueAxis cutTo(double low, double high) {
        return new ValueAxis(step, low / step.doubleValue(), high / step.doubleValue());
    }

    /** Returns the numbers at the ticks. */
    List<BigDecimal> ticks() {
        return LongStream.rangeClosed((long) Math.ceil(first), (long) Math.floor(last))
                .mapToObj(i -> step.multiply(BigDecimal.valueOf(i)))
                .toList();
    }

    /** Returns where on the axis a number lies, from 0 for the beginning to 1 for the end. */
    double share(double number) {
        return (number / step.doubleValue() - first) / (last - first);
    }

    /** Returns the height at which a number lies if this is the axis beside a plot. */
    double y(double number, Rectangle plot) {
        return plot.y + plot.height * (1 - share(number));
    }

    /** Returns how wide the numbers at the ticks are, with the space between them and the plot. */
    int width(Font font) {
        double widest =
                ticks().stream()
                        .mapToDouble(tick -> FittedTitle.width(text(tick), font))
                        .max()
                        .orElseThrow();
        return (int) Math.ceil(widest) + GAP;
    }

    /** Draws a line across a plot at each tick. */
    void drawAcross(Rectangle plot, Graphics2D graphics) {
        for (BigDecimal tick : ticks()) {
            int y = (int) Math.round(y(tick.doubleValue(), plot));
            graphics.drawLine(plot.x, y, plot.x + plot.width, y);
        }
    }

    /** Writes the numbers at the ticks on the left of a plot. */
    void writeBeside(Rectangle plot, Pen pen, Font font) {
        for (BigDecimal tick : ticks()) {
            double y = y(tick.doubleValue(), plot);
            pen.writeUpTo(text(tick), font, plot.x - GAP, y + 5);
        }
    }

    /** Writes a number with the digits that count: 0.0625 with two of them is 0.063. */
    static String text(double number, int digits) {
        return text(new BigDecimal(number).round(new MathContext(digits, RoundingMode.HALF_UP)));
    }

    /** Writes a number with all its digits. */
    static String text(BigDecimal number) {
        BigDecimal size = number.abs();
        if (number.signum() == 0 || size.compareTo(SMALL) >= 0 && size.compareTo(LARGE) < 0) {
            return number.stripTrailingZeros().toPlainString();
        }
        int exponent = number.precision() - number.scale() - 1;
        BigDecimal mantissa = number.scaleByPowerOfTen(-exponent).stripTrailingZeros();
        return mantissa.toPlainString() + "e" + exponent;
    }
}
