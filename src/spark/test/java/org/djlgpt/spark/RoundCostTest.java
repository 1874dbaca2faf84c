package org.djlgpt.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Measured: two executors of a core, 123,650,304 parameters, seconds of a round less those of its
 * steps. A round of a small model, without its steps, took 0.5 s.
 */
class RoundCostTest {

    private static final double NUMBERS = 123_650_304;
    private static final double TEN_GIGABITS = 10e9 / 8;

    private static RoundCost fitted(double float32Seconds, double linkBytesPerSecond) {
        return RoundCost.fitted(
                0.5, float32Seconds, NUMBERS, 2, ChangeFormat.FLOAT32, linkBytesPerSecond);
    }

    @Test
    void whatItIsFittedToItSays() {
        RoundCost cost = fitted(7.2, Double.POSITIVE_INFINITY);

        assertEquals(7.2, cost.seconds(NUMBERS, 2, ChangeFormat.FLOAT32), 1e-9);
    }

    /**
     * Each measured beside float32, on several processors; the last two are the least and the most
     * of several runs.
     */
    @ParameterizedTest
    @CsvSource({"7.2, INT8, 9.3", "4.9, BFLOAT16, 5.1", "6.0, INT8, 5.2", "8.7, INT8, 6.2"})
    void aNarrowFormatIsGuessedWithinAThird(
            double float32Seconds, ChangeFormat format, double seconds) {
        RoundCost cost = fitted(float32Seconds, Double.POSITIVE_INFINITY);

        assertEquals(seconds, cost.seconds(NUMBERS, 2, format), seconds / 3);
    }

    /** The table of the documentation: 1,000 workers with links of 10 Gbit/s. */
    @ParameterizedTest
    @CsvSource({
        "124e6, FLOAT32, 5.3",
        "124e6, BFLOAT16, 5.5",
        "124e6, INT8, 4.8",
        "7e9, FLOAT32, 273",
        "7e9, BFLOAT16, 284",
        "7e9, INT8, 241"
    })
    void aThousandWorkers(double numbers, ChangeFormat format, double seconds) {
        assertEquals(
                seconds, fitted(7.2, TEN_GIGABITS).seconds(numbers, 1000, format), 0.02 * seconds);
    }
}
