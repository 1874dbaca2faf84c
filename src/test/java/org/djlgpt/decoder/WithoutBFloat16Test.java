package org.djlgpt.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import com.google.gson.Gson;

import org.djlgpt.cli.Gpt;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Autocast;
import org.djlgpt.testing.OnCpu;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A process on a processor that does not multiply bfloat16: libtorch is told to take this one for
 * such a one, and Java's system property does the same where that does nothing. Another property
 * takes libtorch for one without oneDNN, which does not multiply it either.
 */
@OnCpu("a GPU always multiplies bfloat16")
@Timeout(120)
class WithoutBFloat16Test {

    private static final Map<String, String> AVX2_ONLY =
            Map.of("ATEN_CPU_CAPABILITY", "avx2", "ONEDNN_MAX_CPU_ISA", "AVX2");
    private static final String OFF = "-Ddjlgpt.bfloat16=false";
    private static final String ON = "-Ddjlgpt.bfloat16=true";
    private static final String WITHOUT_ONEDNN = "-Ddjlgpt.onednn=false";

    /** Rows of a prompt that take each way of multiplying: 1, a few, more, and many. */
    private static final int[] PROMPTS = {1, 3, 6, 20, 70};

    /** Prints whether bfloat16 is fast. */
    static final class Query {
        public static void main(String[] arguments) {
            System.out.println(BFloat16.isFastOn(Device.cpu()));
        }
    }

    /** Opens a scope of bfloat16. */
    static final class Scope {
        public static void main(String[] arguments) {
            try (Autocast scope = Autocast.bfloat16()) {
                System.out.println("opened");
            } catch (UnsupportedOperationException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    /** Prints the type of the cache, and the logits after each prompt and one more token. */
    static final class Writing {
        public static void main(String[] arguments) {
            WeightPrecision precision = WeightPrecision.valueOf(arguments[0]);
            try (NDManager manager = ComputeDevice.newManager()) {
                System.out.println(new Gson().toJson(logits(precision, manager)));
            }
        }
    }

    private static List<float[]> logits(WeightPrecision precision, NDManager manager) {
        List<float[]> logits = new ArrayList<>();
        Gpt2Config size = TinyGpt.size(37, 80).setEmbeddingDim(64).setNumLayers(2).build();
        GptModel model = TinyGpt.model(size, 5, manager);
        try (GptDecoder decoder = new GptDecoder(model, precision, manager);
                GptCache cache = decoder.newCache(manager, 1)) {
            DataType type = cache.keysAndValues().get(0).getDataType();
            logits.add(new float[] {type == DataType.FLOAT32 ? 32 : 16});
            for (int length : PROMPTS) {
                cache.reset();
                logits.add(decoder.next(prompt(length, manager), cache).toFloatArray());
                logits.add(decoder.next(prompt(1, manager), cache).toFloatArray());
            }
        }
        return logits;
    }

    private static NDArray prompt(int length, NDManager manager) {
        long[] ids = new long[length];
        for (int i = 0; i < length; i++) {
            ids[i] = (7L * i + 3) % 37;
        }
        return manager.create(ids, new Shape(1, length));
    }

    /** Within what rounding makes of logits, as in the same process on bfloat16. */
    @ParameterizedTest
    @CsvSource({
        "BF16, " + OFF, "BF16, " + WITHOUT_ONEDNN,
        "FP16, " + OFF, "FP16, " + WITHOUT_ONEDNN,
        "INT8, " + OFF, "INT8, " + WITHOUT_ONEDNN,
        "INT4, " + OFF, "INT4, " + WITHOUT_ONEDNN
    })
    void aDecoderComputesInFloat32WhateverItsWeightsAreKeptIn(
            WeightPrecision precision, String property) throws IOException, InterruptedException {
        String json = run(property, Writing.class, precision.name());
        float[][] found = new Gson().fromJson(json, float[][].class);
        try (NDManager manager = ComputeDevice.newManager()) {
            List<float[]> wide = logits(WeightPrecision.FP32, manager);
            List<float[]> narrow = logits(precision, manager);
            assertEquals(32, found[0][0], "the cache is of what products are");
            assertEquals(wide.size(), found.length);
            double share = precision == WeightPrecision.INT4 ? 0.2 : 0.05;
            for (int i = 1; i < found.length; i++) {
                double spread = distance(wide.get(i), new float[37]);
                double error = distance(wide.get(i), found[i]);
                assertTrue(error > 0, "the weights are rounded");
                assertTrue(error < share * spread, i + ": " + error + " of " + spread);
                assertTrue(distance(narrow.get(i), found[i]) < 0.05 * spread, i + ": beside bf16");
            }
        }
    }

    @Test
    void libtorchIsAskedUnlessThePropertyDecides() throws IOException, InterruptedException {
        if (System.getProperty("os.arch").equals("amd64")) {
            assertEquals("false", run(null, Query.class));
        }
        assertEquals("false", run(OFF, Query.class));
        assertEquals("true", run(ON, Query.class));
    }

    @Test
    void aScopeOfBFloat16IsRefusedUnlessOneInsists() throws IOException, InterruptedException {
        String refusal = run(OFF, Scope.class);
        assertTrue(refusal.contains("compute in float32, or insist with " + ON), refusal);
        assertEquals("opened", run(ON, Scope.class));
    }

    @Test
    void aTrainingInBFloat16IsRefusedInOneLine() throws IOException, InterruptedException {
        String said = run(OFF, Gpt.class, "train", "--precision=bf16", "--device=cpu");
        String what = "this processor, or libtorch's build for it, does not multiply bfloat16";
        assertTrue(said.startsWith("gpt: --precision bf16: " + what), said);
        assertTrue(said.endsWith("exit code 2"), said);
        assertFalse(said.contains("step "), said);
    }

    private static double distance(float[] one, float[] other) {
        double squares = 0;
        for (int i = 0; i < one.length; i++) {
            squares += Math.pow(one[i] - other[i], 2);
        }
        return Math.sqrt(squares);
    }

    /** Returns the last line that a program prints, with its exit code if that is not 0. */
    private static String run(String property, Class<?> program, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(
                List.of(
                        "-Xmx256m",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-Ddjlgpt.device=cpu"));
        if (property != null) {
            command.add(property);
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        if (!WITHOUT_ONEDNN.equals(property)) {
            builder.environment().putAll(AVX2_ONLY);
        }
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exitCode = process.waitFor();
        List<String> lines = output.lines().toList();
        String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
        return exitCode == 0 ? last : last + " exit code " + exitCode;
    }
}
