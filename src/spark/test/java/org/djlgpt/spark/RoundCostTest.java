package org.djlgpt.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Measured: two executors of a core, 123,650,304 parameters, each the processor time of an executor
 * in a round less that of its steps. A round of a small model, without its steps, took 0.5 s.
 */
class RoundCostTest {

    private static final double NUMBERS = 123_650_304;
    private static final double FLOAT32_SECONDS = 7.2;
    private static final double INT8_SECONDS = 9.3;
    private static final double TEN_GIGABITS = 10e9 / 8;

    private final RoundCost cost =
            RoundCost.fitted(0.5, FLOAT32_SECONDS, NUMBERS, 2, ChangeFormat.FLOAT32, TEN_GIGABITS);

    @Test
    void whatWasFittedToOneFormatTellsAnother() {
        RoundCost oneMachine = new RoundCost(0.5, cost.bytesPerSecond(), Double.POSITIVE_INFINITY);

        assertEquals(FLOAT32_SECONDS, oneMachine.seconds(NUMBERS, 2, ChangeFormat.FLOAT32), 1e-9);
        assertEquals(INT8_SECONDS, oneMachine.seconds(NUMBERS, 2, ChangeFormat.INT8), 0.5);
    }

    /**
     * Measured on another processor, after the model of the costs was made: 4.9 s in float32, which
     * fits its speed, and 5.1 in bfloat16, which the model has not seen.
     */
    @Test
    void whatWasNotSeenIsGuessedWithinAThird() {
        RoundCost other =
                RoundCost.fitted(
                        0.5, 4.9, NUMBERS, 2, ChangeFormat.FLOAT32, Double.POSITIVE_INFINITY);

        assertEquals(5.1, other.seconds(NUMBERS, 2, ChangeFormat.BFLOAT16), 5.1 / 3);
    }

    /** The table of the documentation: 1,000 workers with links of 10 Gbit/s. */
    @ParameterizedTest
    @CsvSource({
        "124e6, FLOAT32, 5.3",
        "124e6, BFLOAT16, 7.8",
        "124e6, INT8, 7.0",
        "7e9, FLOAT32, 273",
        "7e9, BFLOAT16, 413",
        "7e9, INT8, 370"
    })
    void aThousandWorkers(double numbers, ChangeFormat format, double seconds) {
        assertEquals(seconds, cost.seconds(numbers, 1000, format), 0.02 * seconds);
    }
}
