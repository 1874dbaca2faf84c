package org.djlgpt.checkpoint;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A model with NaN or infinity among its weights is refused, whichever tensor it is in. */
class NonFiniteWeightsTest {

    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"huggingface-tiny", "huggingface-base-f16", "huggingface-sharded-bf16"})
    void noTensorMayHoldOne(String good) throws Exception {
        copy(good);
        for (Path file : weights()) {
            byte[] bytes = Files.readAllBytes(file);
            for (String tensor : computedWith(file)) {
                overwriteLast(file, tensor, nan(dtype(file, tensor)));
                assertMalformed(file.toString(), "'" + tensor + "' has NaN at [", "and 1 of its ");
                Files.write(file, bytes);
            }
        }
        try (NDManager manager = ComputeDevice.newManager()) {
            ModelDirectory.load(folder, manager); // it is good again
        }
    }

    @ParameterizedTest
    @CsvSource({
        "huggingface-tiny, 7f800000, Infinity",
        "huggingface-tiny, ff800000, -Infinity",
        "huggingface-tiny, ffc00001, NaN",
        "huggingface-base-f16, 7c00, Infinity",
        "huggingface-base-f16, fc00, -Infinity",
        "huggingface-base-f16, 7c01, NaN",
        "huggingface-sharded-bf16, 7f80, Infinity",
        "huggingface-sharded-bf16, ff80, -Infinity",
        "huggingface-sharded-bf16, 7f81, NaN"
    })
    void infinityIsRefusedAsNaNIs(String good, String bits, String name) throws Exception {
        copy(good);
        Path file = weights().get(0);
        String tensor = computedWith(file).get(0);

        overwriteLast(file, tensor, bits(bits));

        assertMalformed(file.toString(), "'" + tensor + "' has " + name + " at [");
    }

    @Test
    void thePlaceIsThatOfTheFirstOne() throws Exception {
        copy("huggingface-tiny");
        Path file = folder.resolve("model.safetensors");
        String tensor = "transformer.h.0.mlp.c_fc.weight"; // (32, 128)

        overwrite(file, tensor, 3 * 128 + 5, bits("ff800000"));
        overwrite(file, tensor, 4 * 128, bits("7f800000")); // their sum is NaN

        assertMalformed("has -Infinity at [3, 5], and 2 of its 4096 elements are not finite");
    }

    @Test
    void hugeWeightsAreFinite() throws Exception {
        copy("huggingface-tiny");
        Path file = folder.resolve("model.safetensors");
        for (int i = 0; i < 3; i++) {
            overwrite(file, "transformer.ln_f.bias", i, bits("7f7fffff")); // their sum overflows
        }
        try (NDManager manager = ComputeDevice.newManager()) {
            ModelDirectory.load(folder, manager);
        }
    }

    private void copy(String good) throws Exception {
        try (Stream<Path> files = Files.list(Path.of(getClass().getResource(good).toURI()))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
    }

    private List<Path> weights() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> weights =
                    files.filter(f -> f.getFileName().toString().matches("model.*\\.safetensors"))
                            .sorted()
                            .toList();
            assertFalse(weights.isEmpty());
            return weights;
        }
    }

    /** All tensors but causal masks. */
    private static List<String> computedWith(Path file) throws Exception {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return tensors.names().stream().filter(name -> !name.endsWith("attn.bias")).toList();
        }
    }

    private static String dtype(Path file, String tensor) throws Exception {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return tensors.dtype(tensor);
        }
    }

    private static byte[] nan(String dtype) {
        return switch (dtype) {
            case "F32" -> bits("7fc00000");
            case "F16" -> bits("7e00");
            case "BF16" -> bits("7fc0");
            default -> throw new AssertionError(dtype);
        };
    }

    /** Returns the bytes of a number as they lie in a file, the lowest first. */
    private static byte[] bits(String hexadecimal) {
        byte[] bytes = new byte[hexadecimal.length() / 2];
        int bits = Integer.parseUnsignedInt(hexadecimal, 16);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (bits >>> Byte.SIZE * i);
        }
        return bytes;
    }

    private static void overwriteLast(Path file, String tensor, byte[] value) throws Exception {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            overwrite(file, tensor, (int) tensors.shape(tensor).size() - 1, value);
        }
    }

    private static void overwrite(Path file, String tensor, int element, byte[] value)
            throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        String header = new String(bytes, Long.BYTES, length, StandardCharsets.UTF_8);
        JsonObject entry = JsonParser.parseString(header).getAsJsonObject().getAsJsonObject(tensor);
        JsonArray offsets = entry.getAsJsonArray("data_offsets");
        int begin = Long.BYTES + length + offsets.get(0).getAsInt();
        System.arraycopy(value, 0, bytes, begin + element * value.length, value.length);
        Files.write(file, bytes);
    }

    private void assertMalformed(String... parts) {
        try (NDManager manager = ComputeDevice.newManager()) {
            assertRefused(
                    MalformedModelException.class,
                    () -> ModelDirectory.load(folder, manager),
                    parts);
            assertEquals(0, manager.getManagedArrays().size(), "arrays left behind");
        }
    }
}
