package org.djlgpt.training;

import org.djlgpt.io.Json;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A line of a {@link MetricsLog} that was read back.
 *
 * @param json the line as it stands in the file
 * @param report what it says
 */
record MetricsLine(String json, EvaluationReport report) {

    /** Reads the lines up to a step, in order; whatever is no line of a log is left out. */
    static List<MetricsLine> read(Path file, int lastStep) throws IOException {
        List<MetricsLine> lines = new ArrayList<>();
        if (Files.notExists(file)) {
            return lines;
        }
        int step = -1;
        double best = Double.POSITIVE_INFINITY;
        try (BufferedReader reader = reader(file)) {
            for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                Optional<EvaluationReport> report = parse(file, text, best);
                if (report.isPresent()
                        && report.get().step() > step
                        && report.get().step() <= lastStep) {
                    step = report.get().step();
                    best = Math.min(best, report.get().validationLoss());
                    lines.add(new MetricsLine(text, report.get()));
                }
            }
        }
        return lines;
    }

    /** Bytes that are no UTF-8 become characters that are no JSON, rather than an exception. */
    private static BufferedReader reader(Path file) throws IOException {
        return new BufferedReader(
                new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8));
    }

    private static Optional<EvaluationReport> parse(Path file, String text, double best) {
        try {
            Json line = Json.parse(file, text.getBytes(StandardCharsets.UTF_8));
            double validationLoss = figure(line, "validation_loss");
            return Optional.of(
                    new EvaluationReport(
                            (int) line.require("step").wholeNumber(Integer.MAX_VALUE),
                            figure(line, "train_loss"),
                            validationLoss,
                            validationLoss < best,
                            figure(line, "learning_rate"),
                            figure(line, "tokens_per_second")));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static double figure(Json line, String name) {
        return line.field(name).map(value -> value.number().doubleValue()).orElse(Double.NaN);
    }
}
