package org.djlgpt.training;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Writes one JSON object a line for each evaluation: {@code step}, {@code train_loss}, {@code
 * validation_loss}, {@code learning_rate}, {@code tokens_per_second}; null where there is no figure
 * yet.
 */
public final class MetricsLog implements TrainingListener {

    private final Path file;

    /**
     * Starts an empty log.
     *
     * @param file the file; an earlier one is replaced
     * @throws IOException if the file can't be written
     */
    public MetricsLog(Path file) throws IOException {
        this.file = file;
        Files.writeString(file, "");
    }

    @Override
    public void onEvaluation(EvaluationReport report) throws IOException {
        JsonObject line = new JsonObject();
        line.addProperty("step", report.step());
        line.addProperty("train_loss", figure(report.trainLoss()));
        line.addProperty("validation_loss", figure(report.validationLoss()));
        line.addProperty("learning_rate", figure(report.learningRate()));
        line.addProperty("tokens_per_second", figure(report.tokensPerSecond()));
        String json = new GsonBuilder().serializeNulls().create().toJson(line);
        Files.writeString(file, json + "\n", StandardOpenOption.APPEND);
    }

    private static Double figure(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
