package org.djlgpt.training;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import org.djlgpt.testing.Figures;
import org.junit.jupiter.api.Test;

import java.util.Map;

/** The schedule's rates, step by step. */
class WarmupCosineTest {

    private static final JsonObject FIGURES =
            Figures.read(WarmupCosineTest.class, "/org/djlgpt/model/gpt-reference.json")
                    .getAsJsonObject("schedule");

    @Test
    void ratesAreThoseOfTheReference() {
        WarmupCosine schedule =
                new WarmupCosine(
                        FIGURES.get("peak").getAsDouble(),
                        FIGURES.get("minimum").getAsDouble(),
                        FIGURES.get("warmupSteps").getAsInt(),
                        FIGURES.get("decaySteps").getAsInt());

        for (Map.Entry<String, JsonElement> figure : FIGURES.getAsJsonObject("rates").entrySet()) {
            int step = Integer.parseInt(figure.getKey());
            double rate = figure.getValue().getAsDouble();
            assertEquals(rate, schedule.rate(step), 1e-6 * rate, "step " + step);
            assertEquals(rate, schedule.getNewValue(step + 1), 1e-6 * rate, "step " + step);
        }
    }

    @Test
    void withoutWarmUpTheFirstStepHasThePeakRate() {
        assertEquals(0.1, new WarmupCosine(0.1, 0, 0, 10).rate(0));
        assertEquals(0.05, new WarmupCosine(0.1, 0, 0, 10).rate(5), 1e-12);
    }

    @Test
    void warmUpOnlyEndsAtTheMinimum() {
        WarmupCosine schedule = new WarmupCosine(0.4, 0.1, 3, 3);

        assertEquals(0.3, schedule.rate(2), 1e-12);
        assertEquals(0.1, schedule.rate(3));
    }

    @Test
    void refusesRatesAndStepsThatMakeNoSense() {
        assertRefused(() -> new WarmupCosine(-1, 0, 0, 1), "-1.0", "at least 0");
        assertRefused(() -> new WarmupCosine(Double.NaN, 0, 0, 1), "NaN", "finite");
        assertRefused(() -> new WarmupCosine(0.1, 0.2, 0, 1), "0.2", "0.1");
        assertRefused(() -> new WarmupCosine(0.1, 0, 11, 10), "11", "10");
        assertRefused(() -> new WarmupCosine(0.1, 0, -1, 10), "-1", "10");
    }
}
