package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** No command computes with a model that has lost its numbers. */
class NonFiniteModelTest {

    private static final String QUERIES = "transformer.h.0.attn.c_attn.weight";

    @TempDir private Path folder;
    private Path text;
    private Path run;

    @BeforeEach
    void train() {
        text = SmallText.in(folder);
        run = folder.resolve("run");
        assertEquals(0, SmallText.train(text, run).exitCode());
    }

    @Test
    void everyCommandNamesTheTensor() throws Exception {
        change(run.resolve("model.safetensors"), QUERIES, "0, 7", Float.NaN);

        for (String precision : new String[] {"fp32", "bf16", "fp16", "int8", "int4"}) {
            assertTensorNamed("generate", "--prompt", "fox", "--precision", precision);
            assertTensorNamed("eval", "--data", text, "--precision", precision);
        }
        assertTensorNamed("attention", "--text", "fox", "--out", folder.resolve("page.html"));
        assertTensorNamed("info");
        assertFalse(Files.exists(folder.resolve("page.html")));
    }

    @Test
    void noTrainingStartsFromIt() throws Exception {
        change(run.resolve("model.safetensors"), QUERIES, "0, 7", Float.NaN);
        Path out = folder.resolve("out");

        Command command = Command.gpt("train", "--init-from", run, "--data", text, "--out", out);

        assertRefused(command, QUERIES);
        assertFalse(Files.exists(out));
    }

    @ParameterizedTest
    @ValueSource(strings = {"parameter.", "mean.", "square."})
    void noTrainingGoesOnFromSuchACheckpoint(String part) throws Exception {
        Path checkpoint = run.resolve("checkpoint.safetensors");
        String tensor = firstNamed(part, checkpoint);
        change(checkpoint, tensor, "0", Float.POSITIVE_INFINITY);

        Command command = Command.gpt("train", "--resume", run, "--steps", 30);

        assertRefused(command, "'" + tensor + "' has Infinity at [");
    }

    @ParameterizedTest
    @ValueSource(strings = {"fp32", "bf16", "fp16", "int8", "int4"})
    void scoresThatOverflowAreNoResult(String precision) throws Exception {
        change(run.resolve("model.safetensors"), "transformer.ln_f.weight", ":", 3e38f);

        Command written =
                Command.gpt(
                        "generate", "--model", run, "--prompt", "fox", "--precision", precision);
        Command evaluated =
                Command.gpt("eval", "--model", run, "--data", text, "--precision", precision);

        assertRefused(written, "must be finite; its weights are damaged");
        assertRefused(evaluated, "must be finite; its weights are damaged");
        assertEquals("", evaluated.out());
    }

    private void assertTensorNamed(String name, Object... options) {
        Object[] command = new Object[options.length + 3];
        command[0] = name;
        command[1] = "--model";
        command[2] = run;
        System.arraycopy(options, 0, command, 3, options.length);

        Command done = Command.gpt(command);

        assertRefused(done, "model.safetensors: tensor '" + QUERIES + "' has NaN at [0, 7]");
        assertEquals("", done.out());
    }

    private static void assertRefused(Command command, String message) {
        assertEquals(2, command.exitCode(), command::err);
        assertTrue(command.err().startsWith("gpt: "), command::err);
        assertTrue(command.err().contains(message), command::err);
        assertEquals(1, command.err().lines().count(), command::err);
    }

    private static String firstNamed(String start, Path file)
            throws IOException, MalformedModelException {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return tensors.names().stream()
                    .filter(name -> name.startsWith(start))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(tensors.names()));
        }
    }

    private static void change(Path file, String tensor, String index, float value)
            throws IOException, MalformedModelException {
        try (NDManager manager = ComputeDevice.newManager();
                SafeTensors stored = SafeTensors.open(file)) {
            Map<String, NDArray> tensors = new LinkedHashMap<>();
            for (String name : stored.names()) {
                tensors.put(name, stored.read(manager, name));
            }
            tensors.get(tensor).set(new NDIndex(index), value);
            SafeTensors.write(file, tensors, stored.metadata());
        }
    }
}
