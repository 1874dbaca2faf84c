package org.djlgpt.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.training.EvaluationReport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

class RunDirectoryTest {

    private static final List<String> LEFT =
            List.of("checkpoint.safetensors", "metrics.jsonl", "loss.png");

    @TempDir private Path folder;
    private RunDirectory earlier;

    @BeforeEach
    void leaveARun() throws IOException {
        for (String file : LEFT) {
            Files.writeString(folder.resolve(file), "earlier");
        }
        Files.writeString(folder.resolve("model.safetensors"), "replaced by the next");
        earlier = new RunDirectory(folder);
    }

    @Test
    void itStaysUntilTheNewRunHasSomething() throws IOException {
        evaluate(0);
        assertEquals("earlier", Files.readString(folder.resolve("checkpoint.safetensors")));
        assertFalse(earlier.isReplaced());

        evaluate(10);
        assertTrue(earlier.isReplaced());
        assertEquals(List.of("model.safetensors"), files());
    }

    @Test
    void aCheckpointReplacesItToo() throws IOException {
        earlier.beforeCheckpoint(1);

        assertEquals(List.of("model.safetensors"), files());
    }

    @Test
    void whatTheNewRunHasWrittenStays() throws IOException {
        evaluate(10);
        Files.writeString(folder.resolve("metrics.jsonl"), "new");
        evaluate(20);

        assertEquals("new", Files.readString(folder.resolve("metrics.jsonl")));
    }

    private void evaluate(int step) throws IOException {
        earlier.onEvaluation(new EvaluationReport(step, 1, 1, false, false, 0.1, 100));
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
