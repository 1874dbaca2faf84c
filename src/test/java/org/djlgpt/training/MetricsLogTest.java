package org.djlgpt.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

class MetricsLogTest {

    @TempDir private Path folder;

    @Test
    void eachEvaluationIsOneJsonObjectOnALine() throws IOException {
        Path file = folder.resolve("metrics.jsonl");
        MetricsLog log = new MetricsLog(file);

        log.onEvaluation(new EvaluationReport(0, Double.NaN, 4.5, true, false, 1e-5, Double.NaN));
        log.onEvaluation(new EvaluationReport(250, 2.25, 2.5, true, false, 1e-3, 12345.678));

        List<String> lines = Files.readAllLines(file);
        assertEquals(2, lines.size());
        JsonObject first = JsonParser.parseString(lines.get(0)).getAsJsonObject();
        assertEquals(
                Set.of(
                        "step",
                        "train_loss",
                        "validation_loss",
                        "learning_rate",
                        "tokens_per_second"),
                first.keySet());
        assertTrue(first.get("train_loss").isJsonNull());
        assertTrue(first.get("tokens_per_second").isJsonNull());
        JsonObject second = JsonParser.parseString(lines.get(1)).getAsJsonObject();
        assertEquals(250, second.get("step").getAsInt());
        assertEquals(2.25, second.get("train_loss").getAsDouble());
        assertEquals(2.5, second.get("validation_loss").getAsDouble());
        assertEquals(1e-3, second.get("learning_rate").getAsDouble());
        assertEquals(12345.678, second.get("tokens_per_second").getAsDouble());
    }

    @Test
    void numbersAreJsonInEveryLocale() throws IOException {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-SA-u-nu-arab"));
        try {
            Path file = folder.resolve("metrics.jsonl");
            new MetricsLog(file)
                    .onEvaluation(new EvaluationReport(1, 1.5, 2.5, true, false, 0.5, 10));

            JsonObject line = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
            assertEquals(2.5, line.get("validation_loss").getAsDouble());
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void anEarlierLogStaysUntilThereIsATrainedModelToMeasure() throws IOException {
        Path file = Files.writeString(folder.resolve("metrics.jsonl"), "of an earlier run\n");
        MetricsLog log = new MetricsLog(file);

        log.onEvaluation(report(0));
        assertEquals("of an earlier run\n", Files.readString(file));

        log.onEvaluation(report(10));
        assertEquals(List.of(0, 10), steps(file));
    }

    @Test
    void aLineThatCanNotBeWrittenWaitsForTheNext() throws IOException {
        Path file = folder.resolve("away/metrics.jsonl");
        MetricsLog log = new MetricsLog(file);
        assertThrows(IOException.class, () -> log.onEvaluation(report(10)));

        Files.createDirectory(file.getParent());
        log.onEvaluation(report(20));
        Files.delete(file);
        assertThrows(IOException.class, () -> log.onEvaluation(report(30)));
        Files.createFile(file);
        log.onEvaluation(report(40));

        assertEquals(List.of(30, 40), steps(file));
    }

    @Test
    void whatAFailedWriteLeftIsWrittenOver() throws IOException {
        Path file = folder.resolve("metrics.jsonl");
        MetricsLog log = new MetricsLog(file);
        log.onEvaluation(report(10));
        Files.writeString(file, "{\"step\":2", StandardOpenOption.APPEND);

        log.onEvaluation(report(20));

        assertEquals(List.of(10, 20), steps(file));
    }

    @Test
    void aResumedLogDropsTheLinesAfterTheCheckpointAndTheTornOne() throws Exception {
        Path file = folder.resolve("metrics.jsonl");
        MetricsLog before = new MetricsLog(file);
        for (int step = 0; step <= 40; step += 10) {
            before.onEvaluation(report(step));
        }
        String torn = Files.readString(file).stripTrailing();
        Files.writeString(file, torn.substring(0, torn.length() - 7));

        MetricsLog log = new MetricsLog(file);
        log.onResume(20);
        assertEquals(List.of(0, 10, 20), steps(file));
        log.onEvaluation(report(30));

        assertEquals(List.of(0, 10, 20, 30), steps(file));
        assertEquals(
                List.of(0, 10, 20), log.earlier().stream().map(EvaluationReport::step).toList());
        assertEquals(report(10), log.earlier().get(1));
    }

    @Test
    void aResumedLogMayBeMissing() throws Exception {
        Path file = folder.resolve("metrics.jsonl");
        MetricsLog log = new MetricsLog(file);

        log.onResume(20);
        log.onEvaluation(report(30));

        assertEquals(List.of(30), steps(file));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no json",
                "[]",
                "[[[[[[",
                "{",
                "{}",
                "null",
                "7",
                "{\"step\":null}",
                "{\"step\":[5]}",
                "{\"step\":\"x\"}",
                "{\"step\":1e999999999}",
                "{\"step\":5,\"validation_loss\":{}}",
                "{\"step\":5,\"validation_loss\":\"x\"}",
                "{\"step\":-5}",
                "{\"step\":10}",
                "\u0000\u0000",
                ""
            })
    void whatIsNoLineOfALogIsDropped(String junk) throws Exception {
        Path file = folder.resolve("metrics.jsonl");
        new MetricsLog(file).onEvaluation(report(10));
        String line = Files.readString(file);
        Files.writeString(file, line + junk + "\n" + line.replace("10", "20"));

        new MetricsLog(file).onResume(100);

        assertEquals(List.of(10, 20), steps(file));
    }

    @Test
    void anyBytesResume() throws Exception {
        Path file = folder.resolve("metrics.jsonl");
        new MetricsLog(file).onEvaluation(report(10));
        byte[] line = Files.readAllBytes(file);
        Random random = new Random(5);
        for (int i = 0; i < 300; i++) {
            byte[] bytes = line.clone();
            for (int change = random.nextInt(4); change >= 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            Files.write(file, bytes);

            new MetricsLog(file).onResume(100);

            assertTrue(steps(file).size() <= 2);
        }
    }

    private static EvaluationReport report(int step) {
        return new EvaluationReport(step, 1.5, 100.0 - step, true, false, 0.5, 10);
    }

    private static List<Integer> steps(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .map(line -> line.get("step").getAsInt())
                .toList();
    }
}
