package org.djlgpt.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.cli.console.Output;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.StepReport;
import org.junit.jupiter.api.Test;

import java.io.PrintWriter;
import java.io.StringWriter;

class ProgressTest {

    @Test
    void evaluationsAlign() {
        String first = Progress.line(report(0, true), 2000);
        String best = Progress.line(report(250, true), 2000);
        String worse = Progress.line(report(2000, false), 2000);

        assertEquals("step    0/2000  validation loss 2.5000, before training", first);
        assertEquals(
                "step  250/2000  validation loss 2.5000, best  train loss 2.2500  12,346 tokens/s",
                best);
        assertEquals(
                "step 2000/2000  validation loss 2.5000        train loss 2.2500  12,346 tokens/s",
                worse);
    }

    @Test
    void aBarShowsStepLossSpeedAndTimeLeftBelowTheEvaluations() {
        StringWriter screen = new StringWriter();
        try (ProgressMeter meter = new ProgressMeter(new Output(new PrintWriter(screen)), 200)) {
            meter.onStep(new StepReport(50, 1.5, 1e-3, 1, 768, 9876));
            meter.onEvaluation(report(50, true));
        }

        String[] draws = screen.toString().split("\r\033\\[K");
        String last = draws[draws.length - 1];
        assertTrue(last.contains("25%"), last);
        assertTrue(last.contains(" 50/200 "), last);
        assertTrue(last.matches("(?s).*loss 1\\.500, 9,876 tokens/s, \\d+:\\d\\d left.*"), last);
        assertTrue(
                screen.toString().contains("\r\033[Kstep  50/200  validation loss 2.5000, best"),
                "an evaluation starts on a line that was cleared");
    }

    private static EvaluationReport report(int step, boolean best) {
        return new EvaluationReport(step, 2.25, 2.5, best, step == 300, 1e-3, 12345.6);
    }
}
