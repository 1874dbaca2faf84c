package org.djlgpt.plot;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** Numbers as axes and bars bear them. */
final class Digits {

    private static final double LARGE = 1e7;
    private static final double SMALL = 1e-5;

    private Digits() {}

    /** Writes a number with the digits that count: 0.0625 with two of them is 0.063. */
    static String of(double number, int digits) {
        BigDecimal rounded =
                new BigDecimal(number)
                        .round(new MathContext(digits, RoundingMode.HALF_UP))
                        .stripTrailingZeros();
        if (rounded.signum() == 0) {
            return "0";
        }
        boolean isPlain = number >= SMALL && number < LARGE;
        return isPlain
                ? rounded.toPlainString()
                : "%se%d".formatted(mantissa(rounded), exponent(rounded));
    }

    private static String mantissa(BigDecimal number) {
        return number.scaleByPowerOfTen(-exponent(number)).toPlainString();
    }

    private static int exponent(BigDecimal number) {
        return number.precision() - number.scale() - 1;
    }
}
