package org.djlgpt.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;

class MetricsLogTest {

    @TempDir private Path folder;

    @Test
    void eachEvaluationIsOneJsonObjectOnALine() throws IOException {
        Path file = folder.resolve("metrics.jsonl");
        MetricsLog log = new MetricsLog(file);

        log.onEvaluation(new EvaluationReport(0, Double.NaN, 4.5, true, 1e-5, Double.NaN));
        log.onEvaluation(new EvaluationReport(250, 2.25, 2.5, true, 1e-3, 12345.678));

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
            new MetricsLog(file).onEvaluation(new EvaluationReport(1, 1.5, 2.5, true, 0.5, 10));

            JsonObject line = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
            assertEquals(2.5, line.get("validation_loss").getAsDouble());
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void aNewRunStartsAnEmptyLog() throws IOException {
        Path file = Files.writeString(folder.resolve("metrics.jsonl"), "of an earlier run\n");

        new MetricsLog(file);

        assertEquals("", Files.readString(file));
    }

    @Test
    void aFolderThatIsMissingIsNoticedAtTheStart() {
        assertThrows(IOException.class, () -> new MetricsLog(folder.resolve("missing/log")));
    }
}
