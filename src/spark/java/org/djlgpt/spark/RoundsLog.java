package org.djlgpt.spark;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;

import org.djlgpt.io.AtomicFile;
import org.djlgpt.io.Json;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.TrainingLoopListener;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/**
 * Writes one JSON object a line for each worker and round: {@code round}, {@code step}, {@code
 * worker}, {@code host}, {@code tokens}, {@code bytes_received}, {@code bytes_sent}, {@code
 * computing_seconds}, {@code exchanging_seconds}, {@code waiting_seconds}, {@code afresh} and
 * {@code left_out}. And tells a person of workers that lost something.
 *
 * <p>The first line waits for the first evaluation after a step or the first checkpoint, as that of
 * the metrics does. When a training resumes, lines of steps after the round that it goes on from
 * are dropped.
 */
final class RoundsLog implements RoundListener, TrainingLoopListener {

    private final Path file;
    private final Consumer<String> messages;
    private final StringBuilder waiting = new StringBuilder();
    private boolean isStarted;

    RoundsLog(Path file, Consumer<String> messages) {
        this.file = file;
        this.messages = messages;
    }

    @Override
    public void onResume(int step) throws IOException {
        if (Files.notExists(file)) {
            return;
        }
        for (String line : Files.readAllLines(file)) {
            if (stepOf(line) <= step) {
                waiting.append(line).append('\n');
            }
        }
    }

    /** Returns the step of a line; one that was cut short comes after all. */
    private long stepOf(String line) {
        try {
            Json json = Json.parse(file, line.getBytes(StandardCharsets.UTF_8));
            return json.require("step").wholeNumber(Integer.MAX_VALUE);
        } catch (IllegalArgumentException e) {
            return Long.MAX_VALUE;
        }
    }

    @Override
    public void onRound(RoundReport report) throws IOException {
        for (WorkerReport worker : report.workers()) {
            waiting.append(line(report, worker)).append('\n');
            if (worker.leftOut()) {
                messages.accept(
                        "round %d: worker %d on %s is left out: a loss is not finite"
                                .formatted(report.number(), worker.rank(), worker.host()));
            }
            if (worker.afresh()) {
                messages.accept(
                        "round %d: worker %d begins with new moments on %s; those before are lost"
                                .formatted(report.number(), worker.rank(), worker.host()));
            }
        }
        if (isStarted) {
            write();
        }
    }

    @Override
    public void onEvaluation(EvaluationReport report) throws IOException {
        if (report.step() > 0) {
            write();
        }
    }

    @Override
    public void beforeCheckpoint(int step) throws IOException {
        write();
    }

    private void write() throws IOException {
        byte[] lines = waiting.toString().getBytes(StandardCharsets.UTF_8);
        if (isStarted) {
            Files.write(file, lines, StandardOpenOption.APPEND, StandardOpenOption.CREATE);
        } else {
            AtomicFile.writeStream(file, out -> out.write(lines));
            isStarted = true;
        }
        waiting.setLength(0);
    }

    private static String line(RoundReport report, WorkerReport worker) {
        JsonObject line = new JsonObject();
        line.addProperty("round", report.number());
        line.addProperty("step", report.step());
        line.addProperty("worker", worker.rank());
        line.addProperty("host", worker.host());
        line.addProperty("tokens", worker.tokens());
        line.addProperty("bytes_received", worker.bytesReceived());
        line.addProperty("bytes_sent", worker.bytesSent());
        line.addProperty("computing_seconds", worker.computing());
        line.addProperty("exchanging_seconds", worker.exchanging());
        line.addProperty("waiting_seconds", report.waiting(worker));
        line.addProperty("afresh", worker.afresh());
        line.addProperty("left_out", worker.leftOut());
        return new GsonBuilder().serializeSpecialFloatingPointValues().create().toJson(line);
    }
}
