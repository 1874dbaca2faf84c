package org.djlgpt.io;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

class SafeTensorsTest {

    @TempDir Path directory;

    private NDManager manager;
    private Path file;

    @BeforeEach
    void openManager() {
        manager = ComputeDevice.newManager();
        file = directory.resolve("model.safetensors");
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    @ParameterizedTest
    @CsvSource({
        "f32, FLOAT32",
        "f32.special, FLOAT32",
        "f16, FLOAT32",
        "bf16, FLOAT32",
        "f64, FLOAT64",
        "i64, INT64",
        "i32, INT32",
        "i8, INT8",
        "u8, UINT8",
        "bool, BOOLEAN",
        "scalar, FLOAT32",
        "empty, FLOAT32",
        "'naïve \"name\"/\n✓', FLOAT32"
    })
    void readsWhatPythonWrote(String name, DataType type) throws Exception {
        JsonObject expected = pythonValues().getAsJsonObject(name);
        try (SafeTensors python = openPythonFile();
                NDArray actual = python.read(manager, name)) {
            assertEquals(type, actual.getDataType());
            assertEquals(shape(expected.getAsJsonArray("shape")), actual.getShape());
            assertEquals(actual.getShape(), python.shape(name));
            assertEquals(name, actual.getName());
            assertValues(expected.getAsJsonArray("values"), actual);
        }
    }

    @Test
    void listsWhatPythonWrote() throws Exception {
        try (SafeTensors python = openPythonFile()) {
            assertEquals(pythonValues().keySet(), python.names());
            assertEquals("BF16", python.dtype("bf16"));
            assertEquals("0.8.0", python.metadata().get("safetensors"));
        }
    }

    @Test
    void refusesTypeThatWouldEndTheProcess() throws Exception {
        try (SafeTensors python = openPythonFile()) {
            MalformedModelException e =
                    assertThrows(MalformedModelException.class, () -> python.read(manager, "i16"));
            assertTrue(e.getMessage().contains("python.safetensors: tensor 'i16' is of type I16"));
        }
    }

    @Test
    void readsBackEveryTypeItWrites() throws Exception {
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        tensors.put("bool", manager.create(new boolean[] {true, false, true}));
        tensors.put("i8", manager.create(new byte[] {-128, 127}));
        tensors.put("u8", manager.create(new byte[] {1, 2}).toType(DataType.UINT8, true));
        tensors.put("i32", manager.create(new int[] {Integer.MIN_VALUE, 7, 8}));
        tensors.put("i64", manager.create(new long[] {Long.MIN_VALUE, Long.MAX_VALUE}));
        tensors.put("f32", manager.create(new float[] {1, 2, 3, 4, 5, 6}, new Shape(2, 3)));
        tensors.put("f64", manager.create(new double[] {Math.PI}));
        tensors.put("scalar", manager.create(2.5f));
        tensors.put("empty", manager.create(new Shape(0, 4)));
        SafeTensors.write(file, tensors);
        try (SafeTensors written = SafeTensors.open(file)) {
            assertEquals(tensors.keySet(), written.names());
            for (Map.Entry<String, NDArray> entry : tensors.entrySet()) {
                assertEquals(entry.getValue(), written.read(manager, entry.getKey()));
            }
        }
    }

    @Test
    void widensFloat16ItWrote() throws Exception {
        NDArray half = manager.create(new float[] {0.5f, -65504}).toType(DataType.FLOAT16, true);
        SafeTensors.write(file, Map.of("half", half));
        try (SafeTensors written = SafeTensors.open(file)) {
            assertEquals("F16", written.dtype("half"));
            float[] values = written.read(manager, "half").toFloatArray();
            assertArrayEquals(new float[] {0.5f, -65504}, values);
        }
    }

    @Test
    void keepsTheMapsOrderAndAlignsEveryTensor() throws Exception {
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        tensors.put("mask", manager.create(new boolean[3]));
        tensors.put("z", manager.create(new float[] {1}));
        tensors.put("a", manager.create(new float[] {2, 3}));
        tensors.put("ids", manager.create(new long[] {4}));
        SafeTensors.write(file, tensors);
        try (SafeTensors written = SafeTensors.open(file)) {
            assertEquals(List.of("ids", "z", "a", "mask"), List.copyOf(written.names()));
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        long headerLength = bytes.order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        assertEquals(0, headerLength % 8);
        assertEquals(8 + headerLength + 8 + 4 + 8 + 3, bytes.capacity());
        assertEquals(4, bytes.getLong(8 + (int) headerLength));
        assertEquals(1f, bytes.getFloat(8 + (int) headerLength + 8));
    }

    @Test
    void writesTransposedViewRowByRow() throws Exception {
        NDArray matrix = manager.create(new float[] {1, 2, 3, 4, 5, 6}, new Shape(2, 3));
        int before = manager.getManagedArrays().size();
        NDArray transposed = matrix.transpose();
        SafeTensors.write(file, Map.of("w", transposed));
        transposed.close();
        assertEquals(before, manager.getManagedArrays().size(), "the writer left copies behind");
        try (SafeTensors written = SafeTensors.open(file);
                NDArray read = written.read(manager, "w")) {
            assertEquals(new Shape(3, 2), read.getShape());
            assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, read.toFloatArray());
        }
    }

    @Test
    void writesWhatIsMadeWhenItsTurnComes() throws Exception {
        NDArray weight = manager.create(new float[] {1, 2});
        int before = manager.getManagedArrays().size();
        TensorSource doubled =
                new TensorSource(DataType.FLOAT32, new Shape(2), () -> weight.add(weight));
        SafeTensors.writeLazily(file, Map.of("a", doubled, "b", doubled));
        assertEquals(before, manager.getManagedArrays().size(), "the writer left tensors behind");
        try (SafeTensors written = SafeTensors.open(file)) {
            assertArrayEquals(new float[] {2, 4}, written.read(manager, "a").toFloatArray());
            assertArrayEquals(new float[] {2, 4}, written.read(manager, "b").toFloatArray());
        }
    }

    @Test
    void whatTheDiskCanNotHoldIsNotBegun() throws Exception {
        Files.writeString(file, "precious");
        TensorSource large =
                new TensorSource(
                        DataType.FLOAT32,
                        new Shape(500_000_000),
                        () -> {
                            throw new AssertionError("begun");
                        });
        Map<String, TensorSource> terabytes = new HashMap<>();
        for (int i = 0; i < 100_000; i++) {
            terabytes.put("w" + i, large);
        }

        IOException e =
                assertThrows(IOException.class, () -> SafeTensors.writeLazily(file, terabytes));

        assertTrue(
                e.getMessage()
                        .matches(
                                "(?s).*200,000,\\d{3}\\.\\d MB are needed, but [\\d,.]+ MB are"
                                        + " free on the disk; make room there, or write to another"
                                        + " disk"),
                e.getMessage());
        assertEquals("precious", Files.readString(file));
    }

    @Test
    void refusesTensorThatIsNotWhatItsSourceSays() throws Exception {
        Files.writeString(file, "precious");
        NDArray weight = manager.create(new float[] {1, 2});
        TensorSource wrong = new TensorSource(DataType.FLOAT32, new Shape(3), () -> weight);
        IllegalArgumentException e =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> SafeTensors.writeLazily(file, Map.of("w", wrong)));
        assertTrue(e.getMessage().contains("'w' is float32 (2), but was said to be float32 (3)"));
        assertEquals("precious", Files.readString(file));
    }

    @Test
    void writesParameterWithGradient() throws Exception {
        NDArray parameter = manager.create(new float[] {1, 2});
        parameter.setRequiresGradient(true);
        SafeTensors.write(file, Map.of("w", parameter));
        assertTrue(parameter.hasGradient());
        try (SafeTensors written = SafeTensors.open(file)) {
            NDArray read = written.read(manager, "w");
            assertArrayEquals(new float[] {1, 2}, read.toFloatArray());
            assertFalse(read.hasGradient());
        }
    }

    @Test
    void marksTheLayoutAsPyTorchUnlessTold() throws Exception {
        SafeTensors.write(file, Map.of());
        assertEquals(Map.of("format", "pt"), metadata());
        SafeTensors.write(file, Map.of(), Map.of("step", "\"7\"\u2028"));
        assertEquals(Map.of("step", "\"7\"\u2028", "format", "pt"), metadata());
        SafeTensors.write(file, Map.of(), Map.of("format", "np"));
        assertEquals(Map.of("format", "np"), metadata());
    }

    @Test
    void readsFiniteTensorsOfAnyType() throws Exception {
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        tensors.put("ids", manager.create(new long[] {1, Long.MAX_VALUE}));
        tensors.put("huge", manager.create(new float[] {Float.MAX_VALUE, Float.MAX_VALUE}));
        tensors.put("empty", manager.create(new Shape(0, 4)));
        tensors.put("scalar", manager.create(Double.NaN));
        tensors.put("column", manager.create(new double[] {1, 1 / 0.0, 1}, new Shape(3, 1)));
        SafeTensors.write(file, tensors);
        try (SafeTensors written = SafeTensors.open(file)) {
            for (String finite : List.of("ids", "huge", "empty")) {
                assertEquals(tensors.get(finite), written.readFinite(manager, finite));
            }
            assertRefused(
                    MalformedModelException.class,
                    () -> written.readFinite(manager, "scalar"),
                    "'scalar' has NaN at [], and 1 of its 1 elements");
            assertRefused(
                    MalformedModelException.class,
                    () -> written.readFinite(manager, "column"),
                    "'column' has Infinity at [1, 0], and 1 of its 3 elements");
        }
    }

    @Test
    void arraysOutliveTheFile() throws Exception {
        SafeTensors.write(file, Map.of("w", manager.create(new float[] {1, 2})));
        NDArray read;
        try (SafeTensors written = SafeTensors.open(file)) {
            read = written.read(manager, "w");
        }
        Files.delete(file);
        assertArrayEquals(new float[] {2, 4}, read.add(read).toFloatArray());
    }

    @Test
    void refusesUnknownNameAndClosedFile() throws Exception {
        SafeTensors.write(file, Map.of("w", manager.create(1f)));
        SafeTensors written = SafeTensors.open(file);
        assertThrows(IllegalArgumentException.class, () -> written.read(manager, "v"));
        assertThrows(IllegalArgumentException.class, () -> written.shape("v"));
        assertThrows(IllegalArgumentException.class, () -> written.dtype("v"));
        written.close();
        assertThrows(IllegalStateException.class, () -> written.read(manager, "w"));
    }

    @Test
    void refusesToWriteWhatCannotBeRead() throws Exception {
        Files.writeString(file, "precious");
        NDArray closed = manager.create(1f);
        closed.close();
        for (Map<String, NDArray> bad :
                List.of(
                        Map.of("closed", closed),
                        Map.of("__metadata__", manager.create(1f)),
                        Map.of("text", manager.create(new String[] {"a"})))) {
            assertThrows(IllegalArgumentException.class, () -> SafeTensors.write(file, bad));
        }
        assertEquals("precious", Files.readString(file));
    }

    private Map<String, String> metadata() throws IOException, MalformedModelException {
        try (SafeTensors written = SafeTensors.open(file)) {
            return written.metadata();
        }
    }

    private static SafeTensors openPythonFile()
            throws IOException, MalformedModelException, URISyntaxException {
        return SafeTensors.open(
                Path.of(SafeTensorsTest.class.getResource("python.safetensors").toURI()));
    }

    private static JsonObject pythonValues() throws IOException {
        try (Reader reader =
                new InputStreamReader(
                        SafeTensorsTest.class.getResourceAsStream("python.json"),
                        StandardCharsets.UTF_8)) {
            return new Gson().fromJson(reader, JsonObject.class);
        }
    }

    private static Shape shape(JsonArray sizes) {
        return new Shape(new Gson().fromJson(sizes, long[].class));
    }

    /** Exact to the bit, so that -0.0 and NaN count; the JSON holds what the type can hold. */
    private static void assertValues(JsonArray expected, NDArray actual) {
        Number[] numbers =
                actual.getDataType() == DataType.BOOLEAN ? new Number[0] : actual.toArray();
        boolean[] booleans =
                actual.getDataType() == DataType.BOOLEAN ? actual.toBooleanArray() : null;
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            switch (actual.getDataType()) {
                case BOOLEAN -> assertEquals(expected.get(i).getAsBoolean(), booleans[i]);
                case FLOAT32 ->
                        assertEquals(
                                (float) expected.get(i).getAsDouble(), numbers[i].floatValue());
                case FLOAT64 -> assertEquals(expected.get(i).getAsDouble(), numbers[i]);
                case UINT8 ->
                        assertEquals(expected.get(i).getAsInt(), numbers[i].intValue() & 0xff);
                default -> assertEquals(expected.get(i).getAsLong(), numbers[i].longValue());
            }
        }
    }
}
