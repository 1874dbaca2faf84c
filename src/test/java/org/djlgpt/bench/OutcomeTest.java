package org.djlgpt.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.util.List;

class OutcomeTest {

    @Test
    void medianIsTheMiddleOfTheSortedSamplesWhichKeepTheirOrder() {
        double[] odd = {5, 1, 9};
        assertEquals(5, new Outcome.Samples("p", odd, 0).median());
        assertArrayEquals(new double[] {5, 1, 9}, odd);
        assertEquals(3, new Outcome.Samples("p", new double[] {4, 2, 1, 100}, 0).median());
        assertEquals(1, new Outcome.Samples("p", odd, 0).best());
    }

    @Test
    void everyRunAfterTheWarmUpCounts() {
        int[] runs = {0};
        assertEquals(3, new Case.Sampling(2, 3, 0).milliseconds(() -> runs[0]++).length);
        assertEquals(5, runs[0]);
        assertEquals(1, Case.Sampling.once().milliseconds(() -> {}).length);
    }

    @Test
    void peakMemoryIsReadFromTheStatusOfTheProcess() {
        List<String> status = List.of("Name:\tjava", "VmHWM:\t  123456 kB", "VmRSS:\t 99 kB");
        assertEquals(123456L * 1024, Worker.peakBytes(status));
        assertEquals(0, Worker.peakBytes(List.of("Name:\tjava")));
    }
}
