package org.djlgpt.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeterTest {

    @ParameterizedTest
    @CsvSource({"0,0:00", "9,0:09", "60,1:00", "754,12:34", "3600,1:00:00", "360061,100:01:01"})
    void timeIsReadAsOnAClock(long seconds, String clock) {
        assertEquals(clock, Meter.clock(seconds));
    }
}
