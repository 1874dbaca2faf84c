package org.djlgpt.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Recording;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.MetricsLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class BestModelTest {

    private static final int STEPS = 30;

    @TempDir private Path folder;
    private final NDManager manager = ComputeDevice.newManager();
    private final Tokenizer tokenizer = CharTokenizer.fromText("abc");
    private GptModel model;
    private BestModel bestModel;

    @BeforeEach
    void open() {
        model = TinyGpt.model(TinyGpt.size(3, 4).build(), 1, manager);
        bestModel =
                new BestModel(
                        () -> ModelDirectory.save(model, tokenizer, folder),
                        new MetricsLog(folder.resolve("metrics.jsonl")));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void theUntrainedModelIsNotKept() throws IOException {
        evaluate(0, 4, true);

        assertFalse(Files.exists(folder.resolve("model.safetensors")));
        assertTrue(Double.isNaN(bestModel.loss()));
    }

    @Test
    void theBestModelIsKept() throws Exception {
        evaluate(10, 3, true);
        float[] best = weights(model);
        try (Recording off = Recording.off()) {
            model.getParameters().get(0).getValue().getArray().muli(2);
        }
        evaluate(20, 3.5, false);
        evaluate(30, 3.2, false);

        assertEquals(3, bestModel.loss());
        assertEquals(best[0], weights(ModelDirectory.load(folder, manager))[0]);
    }

    @Test
    void aRunThatNeverImprovedKeepsItsLastModel() throws IOException {
        evaluate(10, 9, false);
        assertFalse(Files.exists(folder.resolve("model.safetensors")));
        evaluate(30, 8, false);

        assertTrue(Files.exists(folder.resolve("model.safetensors")));
        assertEquals(8, bestModel.loss());
    }

    private void evaluate(int step, double loss, boolean best) throws IOException {
        bestModel.onEvaluation(new EvaluationReport(step, 1, loss, best, step == STEPS, 0.1, 100));
    }

    private static float[] weights(GptModel model) {
        return model.getParameters().get(0).getValue().getArray().toFloatArray();
    }
}
