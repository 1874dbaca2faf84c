package org.djlgpt.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.math.BigDecimal;
import java.util.List;

class ValueAxisTest {

    @ParameterizedTest
    @CsvSource({
        "0, 1, 0.2, 5",
        "0, 0.6, 0.1, 6",
        "0, 0.61, 0.2, 4",
        "0, 0.034, 0.01, 4",
        "0, 1130, 200, 6",
        "0, 7, 2, 4",
        "0, 3e-9, 5e-10, 6",
        "1.2, 4.6, 1, 4",
        "3.01, 3.02, 0.002, 5",
        "-0.7, 0.9, 0.5, 4",
        "0, 3.4e38, 1e38, 4",
        "-1.7e308, 1.7e308, 1e308, 4"
    })
    void stepsAreRoundAndReachAround(double low, double high, double step, int steps) {
        ValueAxis axis = ValueAxis.around(low, high, 6);
        assertEquals(step, axis.step().doubleValue(), 1e-12 * step);
        assertEquals(steps, axis.last() - axis.first());
        assertEquals(steps + 1, axis.ticks().size());
        assertTrue(axis.share(low) > -1e-9 && axis.share(low) < axis.share(high));
        assertTrue(axis.share(high) < 1 + 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"2", "3", "7", "10"})
    void thereAreNoMoreStepsThanWished(int most) {
        for (double low = -9.5; low < 1000; low = low * 1.01 + 1.3) {
            for (double size = 0.00017; size < 3000; size *= 1.7) {
                ValueAxis axis = ValueAxis.around(low, low + size, most);
                assertTrue(axis.last() - axis.first() <= most, axis::toString);
                assertTrue(axis.last() - axis.first() >= 1, axis::toString);
            }
        }
    }

    @Test
    void anAxisThatIsCutKeepsTheTicksInside() {
        ValueAxis axis = ValueAxis.around(3, 237, 6).cutTo(3, 237);
        assertEquals(
                List.of("50", "100", "150", "200"),
                axis.ticks().stream().map(BigDecimal::toPlainString).toList());
        assertEquals(0, axis.share(3), 1e-12);
        assertEquals(1, axis.share(237), 1e-12);
        assertEquals(0.5, axis.share(120), 1e-12);
    }

    @ParameterizedTest
    @CsvSource({
        "0.0625, 2, 0.063",
        "1, 3, 1",
        "0, 3, 0",
        "1130.4, 3, 1130",
        "0.30000001, 3, 0.3",
        "1234567890, 3, 1.23e9",
        "0.00000012, 3, 1.2e-7",
        "0.1, 3, 0.1",
        "-0.25, 3, -0.25",
        "-4e12, 3, -4e12"
    })
    void numbersAreShort(double number, int digits, String text) {
        assertEquals(text, ValueAxis.text(number, digits));
    }
}
