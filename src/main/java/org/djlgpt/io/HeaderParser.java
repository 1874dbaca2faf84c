package org.djlgpt.io;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.types.Shape;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads a safetensors header token by token, since a parser that builds a tree would drop duplicate
 * names and round large numbers.
 */
final class HeaderParser {

    /** The most dimensions that the engine's operators work with. */
    private static final int MAX_DIMENSIONS = 64;

    private final SafeTensorsFile file;
    private final JsonReader json;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private Map<String, String> metadata;

    HeaderParser(SafeTensorsFile file, byte[] header) {
        this.file = file;
        // A new decoder reports malformed bytes; a charset would replace them.
        json =
                new JsonReader(
                        new InputStreamReader(
                                new ByteArrayInputStream(header),
                                StandardCharsets.UTF_8.newDecoder()));
    }

    Map<String, StoredTensor> tensors() {
        return tensors;
    }

    Map<String, String> metadata() {
        return metadata == null ? Map.of() : metadata;
    }

    void parse() throws MalformedModelException {
        try {
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                if (name.equals(SafeTensorsHeader.METADATA)) {
                    metadata = unlessSet(metadata, readMetadata());
                } else {
                    tensors.put(name, unlessSet(tensors.get(name), readTensor(name)));
                }
            }
            json.endObject();
            json.peek(); // refuses anything but white space up to the end
        } catch (IOException | NumberFormatException e) {
            // Gson reports a bad \\u escape as NumberFormatException in older releases.
            MalformedModelException malformed =
                    file.malformed("its header is no JSON in UTF-8 from %s on", json.getPath());
            malformed.initCause(e);
            throw malformed;
        }
    }

    private Map<String, String> readMetadata() throws IOException, MalformedModelException {
        Map<String, String> texts = new LinkedHashMap<>();
        expect(JsonToken.BEGIN_OBJECT);
        json.beginObject();
        while (json.hasNext()) {
            String key = json.nextName();
            expect(JsonToken.STRING);
            texts.put(key, unlessSet(texts.get(key), json.nextString()));
        }
        json.endObject();
        return texts;
    }

    private StoredTensor readTensor(String name) throws IOException, MalformedModelException {
        StoredType type = null;
        long[] shape = null;
        long[] offsets = null;
        expect(JsonToken.BEGIN_OBJECT);
        json.beginObject();
        while (json.hasNext()) {
            String field = json.nextName();
            switch (field) {
                case "dtype" -> type = unlessSet(type, readType(name));
                case "shape" -> shape = unlessSet(shape, readNumbers(MAX_DIMENSIONS));
                case "data_offsets" -> offsets = unlessSet(offsets, readNumbers(2));
                default -> json.skipValue();
            }
        }
        json.endObject();
        if (type == null || shape == null || offsets == null || offsets.length != 2) {
            throw file.malformed(
                    "tensor '%s' needs a dtype, a shape and two data_offsets; one is missing",
                    name);
        }
        StoredTensor tensor =
                new StoredTensor(name, type, new Shape(shape), offsets[0], offsets[1]);
        checkSize(tensor);
        return tensor;
    }

    private void checkSize(StoredTensor tensor) throws MalformedModelException {
        long[] shape = tensor.shape().getShape();
        try {
            // An empty tensor must not hide an overflow: its strides are products as well.
            long strides = tensor.type().width();
            for (long size : shape) {
                strides = Math.multiplyExact(strides, Math.max(size, 1));
            }
            long bytes = Arrays.stream(shape).anyMatch(size -> size == 0) ? 0 : strides;
            if (tensor.end() - tensor.begin() != bytes) {
                throw file.malformed(
                        "tensor '%s' of type %s and shape %s takes %d bytes, but its data_offsets"
                                + " are [%d, %d]",
                        tensor.name(),
                        tensor.type(),
                        tensor.shape(),
                        bytes,
                        tensor.begin(),
                        tensor.end());
            }
        } catch (ArithmeticException e) {
            throw file.malformed(
                    "tensor '%s' has shape %s, whose size in bytes exceeds %d",
                    tensor.name(), tensor.shape(), Long.MAX_VALUE);
        }
    }

    private StoredType readType(String name) throws IOException, MalformedModelException {
        expect(JsonToken.STRING);
        String dtype = json.nextString();
        return StoredType.named(dtype)
                .orElseThrow(
                        () ->
                                file.malformed(
                                        "tensor '%s' has the unknown dtype '%s'; known are %s",
                                        name, dtype, Arrays.toString(StoredType.values())));
    }

    private long[] readNumbers(int limit) throws IOException, MalformedModelException {
        long[] numbers = new long[limit];
        int count = 0;
        expect(JsonToken.BEGIN_ARRAY);
        json.beginArray();
        while (json.hasNext()) {
            if (count == limit) {
                throw file.malformed("%s has more than %d numbers", json.getPath(), limit);
            }
            numbers[count++] = readNumber();
        }
        json.endArray();
        return Arrays.copyOf(numbers, count);
    }

    /** Not {@code nextLong}, which takes 1e3, 2.0 and "2" for integers. */
    private long readNumber() throws IOException, MalformedModelException {
        expect(JsonToken.NUMBER);
        String path = json.getPath();
        String digits = json.nextString();
        try {
            if (digits.matches("[0-9]+")) {
                return Long.parseLong(digits);
            }
        } catch (NumberFormatException e) {
            // more than a long holds: as wrong as a fraction
        }
        throw file.malformed(
                "%s is %s, which is no integer from 0 to %d", path, digits, Long.MAX_VALUE);
    }

    private <T> T unlessSet(T present, T value) throws MalformedModelException {
        if (present != null) {
            throw file.malformed("its header has %s twice; names must differ", json.getPath());
        }
        return value;
    }

    private void expect(JsonToken token) throws IOException, MalformedModelException {
        JsonToken found = json.peek();
        if (found != token) {
            throw file.malformed("%s is %s where %s is due", json.getPath(), found, token);
        }
    }
}
