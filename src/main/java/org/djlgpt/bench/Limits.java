package org.djlgpt.bench;

/**
 * The measured limits of the machine; NaN where there is none.
 *
 * @param float32 floating-point operations a second in float32 matrix products
 * @param bfloat16 the same in bfloat16
 * @param read bytes read from memory a second
 */
record Limits(double float32, double bfloat16, double read) {

    private static final double MILLISECONDS = 1e3;

    static Limits of(Outcome outcome) {
        return new Limits(
                MILLISECONDS * MachineLimits.PRODUCT_FLOP / outcome.best(MachineLimits.FLOAT32),
                MILLISECONDS * MachineLimits.PRODUCT_FLOP / outcome.best(MachineLimits.BFLOAT16),
                MILLISECONDS * MachineLimits.READ_BYTES / outcome.best(MachineLimits.READ));
    }
}
