package org.djlgpt.training;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import org.djlgpt.testing.Figures;
import org.djlgpt.training.LearningRateSchedule.Decay;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Map;

/** The schedule's rates, step by step. */
class LearningRateScheduleTest {

    private static final JsonObject FIGURES =
            Figures.read(LearningRateScheduleTest.class, "/org/djlgpt/model/gpt-reference.json")
                    .getAsJsonObject("schedule");

    @Test
    void ratesAreThoseOfTheReference() {
        LearningRateSchedule schedule =
                new LearningRateSchedule(
                        Decay.COSINE,
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
        assertEquals(0.1, new LearningRateSchedule(Decay.COSINE, 0.1, 0, 0, 10).rate(0));
        assertEquals(0.05, new LearningRateSchedule(Decay.COSINE, 0.1, 0, 0, 10).rate(5), 1e-12);
    }

    @Test
    void warmUpOnlyEndsAtTheMinimum() {
        LearningRateSchedule schedule = new LearningRateSchedule(Decay.COSINE, 0.4, 0.1, 3, 3);

        assertEquals(0.3, schedule.rate(2), 1e-12);
        assertEquals(0.1, schedule.rate(3));
    }

    @ParameterizedTest
    @CsvSource({
        "LINEAR, 2, 0.3",
        "LINEAR, 7, 0.2",
        "LINEAR, 11, 0.12",
        "LINEAR, 12, 0.1",
        "CONSTANT, 2, 0.3",
        "CONSTANT, 11, 0.3",
        "CONSTANT, 100, 0.3",
        "WSD, 2, 0.3",
        "WSD, 10, 0.3",
        "WSD, 11, 0.1585786",
        "WSD, 12, 0.1",
        "WSD, 100, 0.1"
    })
    void afterTheWarmUpTheRateFallsAsItsNameSays(Decay decay, int step, double rate) {
        LearningRateSchedule schedule = new LearningRateSchedule(decay, 0.3, 0.1, 2, 12);

        assertEquals(rate, schedule.rate(step), 1e-7);
        assertEquals(0.2, schedule.rate(1), 1e-12, "the warm-up is the same for all");
    }

    @Test
    void refusesRatesAndStepsThatMakeNoSense() {
        assertRefused(
                () -> new LearningRateSchedule(Decay.COSINE, -1, 0, 0, 1), "-1.0", "at least 0");
        assertRefused(
                () -> new LearningRateSchedule(Decay.COSINE, Double.NaN, 0, 0, 1), "NaN", "finite");
        assertRefused(() -> new LearningRateSchedule(Decay.COSINE, 0.1, 0.2, 0, 1), "0.2", "0.1");
        assertRefused(() -> new LearningRateSchedule(Decay.COSINE, 0.1, 0, 11, 10), "11", "10");
        assertRefused(() -> new LearningRateSchedule(Decay.COSINE, 0.1, 0, -1, 10), "-1", "10");
    }
}
