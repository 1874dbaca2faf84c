package org.djlgpt.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.testing.Damage;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;

class SafeTensorsMalformedTest {

    private static final int MUTANTS = 10_000;

    @TempDir Path directory;

    private Path file;

    @BeforeEach
    void nameFile() {
        file = directory.resolve("bad.safetensors");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}|0",
                "{}      |0",
                "{\"__metadata__\":{}}|0",
                "{\"__metadata__\":null}|0",
                "{\"a\":{\"shape\":[],\"dtype\":\"F32\",\"data_offsets\":[0,4],\"note\":[{}]}}|4",
                "{\"a\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[1,3]},"
                        + "\"b\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                        + "\"c\":{\"dtype\":\"I8\",\"shape\":[5,0],\"data_offsets\":[1,1]}}|3",
            })
    void acceptsUnusualButValidHeader(String headerAndDataSize) throws Exception {
        String[] parts = headerAndDataSize.split("\\|");
        write(parts[0], Integer.parseInt(parts[1]));
        SafeTensors.open(file).close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]                           | 0 | does not begin with '{'",
                "                             | 0 | does not begin with '{'",
                "` {}`                        | 0 | does not begin with '{'",
                "{                            | 0 | no JSON in UTF-8",
                "{} x                         | 0 | no JSON in UTF-8",
                "{\"\\u12\":1}                | 0 | no JSON in UTF-8",
                "{\"a\":nul}                  | 0 | no JSON in UTF-8",
                "{'a':{}}                     | 0 | no JSON in UTF-8",
                "{\"a\":1}                    | 0 | $.a is a number where an object is due",
                "{\"a\":null}                 | 0 | $.a is null where an object is due",
                "{\"__metadata__\":[]}        | 0 | is an array where an object is due",
                "{\"__metadata__\":{\"a\":1}} | 0 | is a number where a string is due",
                "{\"__metadata__\":{},\"__metadata__\":{}} | 0 | has $.__metadata__ twice",
                "{\"__metadata__\":{\"k\":\"\",\"k\":\"\"}} | 0 | has $.__metadata__.k twice",
            })
    void refusesHeader(String header, int dataSize, String reason) throws IOException {
        write(header == null ? "" : header, dataSize);
        assertRefused(reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'shape':[1],'data_offsets':[0,4]                   | 4 | one is missing",
                "'dtype':'F32','data_offsets':[0,4]                 | 4 | one is missing",
                "'dtype':'F32','shape':[1]                          | 4 | one is missing",
                "'dtype':'F32','shape':[1],'data_offsets':[4]       | 4 | one is missing",
                "'dtype':'F32','shape':[1],'data_offsets':[0,4,4]   | 4 | more than 2 numbers",
                "'dtype':'F32','dtype':'F32','shape':[1]            | 4 | has $.a.dtype twice",
                "'dtype':'Q4','shape':[1],'data_offsets':[0,4]      | 4 | unknown dtype 'Q4'",
                "'dtype':'f32','shape':[1],'data_offsets':[0,4]     | 4 | unknown dtype 'f32'",
                "'dtype':4,'shape':[1],'data_offsets':[0,4]         | 4 | where a string is due",
                "'dtype':'F32','shape':1,'data_offsets':[0,4]       | 4 | an array is due",
                "'dtype':'F32','shape':['1'],'data_offsets':[0,4]   | 4 | where a number is due",
                "'dtype':'F32','shape':[1.0],'data_offsets':[0,4]   | 4 | is 1.0, which is no",
                "'dtype':'F32','shape':[1e0],'data_offsets':[0,4]   | 4 | is 1e0, which is no",
                "'dtype':'F32','shape':[-1],'data_offsets':[0,4]    | 4 | shape[0] is -1, which",
                "'dtype':'F32','shape':[1],'data_offsets':[-4,0]    | 4 | is -4, which is no",
                "'dtype':'F32','shape':[9223372036854775808],'data_offsets':[0,4]|4|which is no",
                "'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]|0|exceeds",
                "'dtype':'I8','shape':[0,4294967296,4294967296],'data_offsets':[0,0]|0|exceeds",
                "'dtype':'F64','shape':[2000000000000000000],'data_offsets':[0,0]|0|exceeds",
                "'dtype':'F32','shape':[2],'data_offsets':[0,4]     | 4 | takes 8 bytes, but",
                "'dtype':'F32','shape':[1],'data_offsets':[4,0]     | 4 | are [4, 0]",
                "'dtype':'F32','shape':[1],'data_offsets':[0,4]     | 3 | it is truncated",
                "'dtype':'F32','shape':[1],'data_offsets':[0,4]     | 5 | stray bytes",
                "'dtype':'F32','shape':[1],'data_offsets':[1,5]     | 5 | nor leave holes",
                "'dtype':'I8','shape':[1000000000000],'data_offsets':[0,1000000000000]|4|truncated",
            })
    void refusesTensor(String fields, int dataSize, String reason) throws IOException {
        write("{\"a\":{" + fields.replace('\'', '"') + "}}", dataSize);
        assertRefused(reason);
    }

    @Test
    void refusesOverlapHoleAndDuplicate() throws IOException {
        write(twoTensors("a", "b", "[4,8]", "[0,4]"), 8);
        assertEquals("[a, b]", namesInOrderOfHeader());
        write(twoTensors("a", "b", "[0,4]", "[2,6]"), 6);
        assertRefused("tensor 'b' begins at byte 2 of the data, but what precedes it ends at 4");
        write(twoTensors("a", "b", "[0,4]", "[0,4]"), 4);
        assertRefused("neither overlap");
        write(twoTensors("a", "b", "[0,4]", "[6,10]"), 10);
        assertRefused("nor leave holes");
        write(twoTensors("a", "a", "[0,4]", "[4,8]"), 8);
        assertRefused("has $.a twice");
        write(twoTensors("a", "\\u0061", "[0,4]", "[4,8]"), 8);
        assertRefused("has $.a twice");
    }

    @Test
    void refusesMoreDimensionsThanTheEngineHas() throws IOException {
        String shape = "1,".repeat(64) + "1";
        write("{\"a\":{\"dtype\":\"I8\",\"shape\":[" + shape + "],\"data_offsets\":[0,1]}}", 1);
        assertRefused("more than 64 numbers");
    }

    @Test
    void refusesNamesThatAreNoUtf8() throws IOException {
        byte[] header = "{\"__metadata__\":{\"?\":\"\"}}".getBytes(StandardCharsets.UTF_8);
        header[18] = (byte) 0xff;
        write(header, 0);
        assertRefused("no JSON in UTF-8");
    }

    @Test
    void refusesImpossibleHeaderLengths() throws IOException {
        Files.write(file, new byte[7]);
        assertRefused("has 7 bytes, fewer than the 8");
        Files.write(file, new byte[0]);
        assertRefused("has 0 bytes");
        writeLength(3, "{}");
        assertRefused("declares a header of 3 bytes but only 2 follow; it is truncated");
        writeLength(-1, "{}");
        assertRefused("declares a header of 18446744073709551615 bytes, the limit is 100000000");
        writeLength(100_000_001, "{}");
        assertRefused("declares a header of 100000001 bytes, the limit is 100000000");
    }

    @Test
    void saysThatTheFileIsMissingOrADirectory() {
        NoSuchFileException missing =
                assertThrows(NoSuchFileException.class, () -> SafeTensors.open(file));
        assertTrue(missing.getMessage().contains("bad.safetensors: there is no such file"));
        FileSystemException notAFile =
                assertThrows(FileSystemException.class, () -> SafeTensors.open(directory));
        assertTrue(notAFile.getMessage().contains("is a directory"), notAFile.getMessage());
    }

    @Test
    void noticesThatTheFileIsCutWhileOpen() throws Exception {
        try (NDManager manager = ComputeDevice.newManager()) {
            SafeTensors.write(file, Map.of("w", manager.create(new float[] {1, 2})));
            try (SafeTensors open = SafeTensors.open(file)) {
                byte[] bytes = Files.readAllBytes(file);
                Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
                int before = manager.getManagedArrays().size();
                assertThrows(MalformedModelException.class, () -> open.read(manager, "w"));
                assertEquals(before, manager.getManagedArrays().size());
            }
        }
    }

    @Test
    void survivesDamage() throws Exception {
        byte[] valid;
        try (var resource = getClass().getResourceAsStream("python.safetensors")) {
            valid = resource.readAllBytes();
        }
        Random random = new Random(1);
        int refused = 0;
        try (NDManager manager = ComputeDevice.newManager()) {
            for (int i = 0; i < MUTANTS; i++) {
                // A new file each: some file systems sync one that is truncated and written again.
                file = Files.write(directory.resolve(i + ".safetensors"), Damage.to(valid, random));
                refused += load(manager) ? 0 : 1;
                Files.delete(file);
            }
        }
        // Damage to the values alone can't be noticed; most of the file is header.
        assertTrue(refused > MUTANTS / 2 && refused < MUTANTS, refused + " refused");
    }

    /** Returns false if the file is refused, true if every tensor in it loads as declared. */
    private boolean load(NDManager manager) throws IOException {
        boolean complete = true;
        try (SafeTensors tensors = SafeTensors.open(file)) {
            for (String name : tensors.names()) {
                Shape shape = tensors.shape(name);
                try (NDArray array = tensors.read(manager, name)) {
                    assertEquals(shape, array.getShape());
                    int size = Math.toIntExact(shape.size());
                    assertEquals(
                            size * array.getDataType().getNumOfBytes(),
                            array.toByteBuffer().remaining());
                } catch (MalformedModelException e) {
                    complete &= e.getMessage().contains("which the engine lacks");
                }
            }
        } catch (MalformedModelException e) {
            assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
            return false;
        }
        assertTrue(complete);
        return true;
    }

    private static String twoTensors(String a, String b, String offsetsA, String offsetsB) {
        String tensor = "\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":%s}";
        return "{" + tensor.formatted(a, offsetsA) + "," + tensor.formatted(b, offsetsB) + "}";
    }

    private String namesInOrderOfHeader() throws IOException {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return tensors.names().stream().sorted().toList().toString();
        } catch (MalformedModelException e) {
            throw new AssertionError(e);
        }
    }

    private void write(String header, int dataSize) throws IOException {
        write(header.getBytes(StandardCharsets.UTF_8), dataSize);
    }

    private void write(byte[] header, int dataSize) throws IOException {
        Files.write(
                file,
                ByteBuffer.allocate(8 + header.length + dataSize)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(header.length)
                        .put(header)
                        .array());
    }

    private void writeLength(long length, String header) throws IOException {
        write(header, 0);
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
        Files.write(file, bytes);
    }

    private void assertRefused(String reason) {
        MalformedModelException e =
                assertThrows(MalformedModelException.class, () -> SafeTensors.open(file).close());
        assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }
}
