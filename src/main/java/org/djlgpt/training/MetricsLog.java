package org.djlgpt.training;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;

import org.djlgpt.io.AtomicFile;
import org.djlgpt.io.Json;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes one JSON object a line for each evaluation: {@code step}, {@code train_loss}, {@code
 * validation_loss}, {@code learning_rate}, {@code tokens_per_second}; null where there is no figure
 * yet.
 *
 * <p>The first line waits for the first evaluation after a step or the first checkpoint, so a run
 * that fails before leaves the log of an earlier one alone. A line that can't be written waits for
 * the next. When a training resumes, the log goes on: lines of steps after the checkpoint are
 * dropped, as they will be written again, and so is whatever is no line of a log, such as one that
 * was cut short.
 */
public final class MetricsLog implements TrainingLoopListener {

    private final Path file;
    private List<EvaluationReport> earlier = List.of();
    private final StringBuilder waiting = new StringBuilder();
    private boolean isStarted;
    private long length;

    /**
     * Makes a log.
     *
     * @param file the file; that of an earlier run is replaced, unless the training resumes
     */
    public MetricsLog(Path file) {
        this.file = file;
    }

    @Override
    public void onResume(int step) throws IOException {
        List<Line> kept = Line.read(file, step);
        earlier = kept.stream().map(Line::report).toList();
        kept.forEach(line -> waiting.append(line.json()).append('\n'));
        write();
    }

    /**
     * Returns what the log held when the training resumed.
     *
     * @return the evaluations up to the checkpoint, in order; none for a new training
     */
    public List<EvaluationReport> earlier() {
        return earlier;
    }

    @Override
    public void onEvaluation(EvaluationReport report) throws IOException {
        JsonObject line = new JsonObject();
        line.addProperty("step", report.step());
        line.addProperty("train_loss", figure(report.trainLoss()));
        line.addProperty("validation_loss", figure(report.validationLoss()));
        line.addProperty("learning_rate", figure(report.learningRate()));
        line.addProperty("tokens_per_second", figure(report.tokensPerSecond()));
        waiting.append(new GsonBuilder().serializeNulls().create().toJson(line)).append('\n');
        if (report.step() > 0) {
            write();
        }
    }

    @Override
    public void beforeCheckpoint(int step) throws IOException {
        if (!waiting.isEmpty()) {
            write();
        }
    }

    private static Double figure(double value) {
        return Double.isFinite(value) ? value : null;
    }

    private void write() throws IOException {
        byte[] lines = waiting.toString().getBytes(StandardCharsets.UTF_8);
        if (isStarted) {
            append(ByteBuffer.wrap(lines));
        } else {
            AtomicFile.writeStream(file, out -> out.write(lines));
            isStarted = true;
        }
        length += lines.length;
        waiting.setLength(0);
    }

    private void append(ByteBuffer lines) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            // over what a write may have left that failed half-way
            channel.position(Math.min(length, channel.size()));
            while (lines.hasRemaining()) {
                channel.write(lines);
            }
        }
    }

    /**
     * A line that was read back.
     *
     * @param json the line as it stands in the file
     * @param report what it says
     */
    private record Line(String json, EvaluationReport report) {

        /** Reads the lines up to a step, in order; whatever is no line of a log is left out. */
        static List<Line> read(Path file, int lastStep) throws IOException {
            List<Line> lines = new ArrayList<>();
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
                        lines.add(new Line(text, report.get()));
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
                                false,
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
}
