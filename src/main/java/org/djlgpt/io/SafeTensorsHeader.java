package org.djlgpt.io;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.types.Shape;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a safetensors file says about itself: an 8-byte little-endian length, then that many bytes
 * of JSON, then the data.
 *
 * @param tensors the tensors by name, in the order of their data
 * @param metadata the free-form {@code __metadata__} texts, in the header's order
 * @param dataStart where the data begins, in bytes from the start of the file
 */
record SafeTensorsHeader(
        Map<String, StoredTensor> tensors, Map<String, String> metadata, long dataStart) {

    static final String METADATA = "__metadata__";
    static final int LENGTH_BYTES = Long.BYTES;

    /** The reference implementation's limit, in bytes. */
    static final int MAX_LENGTH = 100_000_000;

    /** The most dimensions that the engine's operators work with. */
    private static final int MAX_DIMENSIONS = 64;

    /** Reads and checks the header; no memory is taken on the header's word alone. */
    static SafeTensorsHeader read(SafeTensorsFile file)
            throws IOException, MalformedModelException {
        long fileSize = file.channel().size();
        int length = length(file, fileSize);
        byte[] json = new byte[length];
        file.read(ByteBuffer.wrap(json), LENGTH_BYTES);
        if (length == 0 || json[0] != '{') {
            throw file.malformed("its header does not begin with '{'; is it a safetensors file?");
        }
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        try {
            Json.parseFields(
                    file.path(),
                    json,
                    (name, value) -> {
                        if (!name.equals(METADATA)) {
                            tensors.put(name, tensor(name, value));
                        } else if (!value.isNull()) {
                            value.fields().forEach((key, text) -> metadata.put(key, text.string()));
                        }
                    });
        } catch (IllegalArgumentException e) {
            throw new MalformedModelException(e.getMessage(), e);
        }
        long dataStart = (long) LENGTH_BYTES + length;
        return new SafeTensorsHeader(
                inDataOrder(file, tensors, fileSize - dataStart), metadata, dataStart);
    }

    private static StoredTensor tensor(String name, Json entry) {
        Map<String, Json> fields = entry.fields();
        if (!fields.keySet().containsAll(List.of("dtype", "shape", "data_offsets"))) {
            throw entry.malformed(
                    "tensor '%s' needs a dtype, a shape and two data_offsets; one is missing",
                    name);
        }
        StoredType type = type(name, fields.get("dtype"));
        long[] shape = numbers(fields.get("shape"), MAX_DIMENSIONS);
        long[] offsets = numbers(fields.get("data_offsets"), 2);
        if (offsets.length != 2) {
            throw entry.malformed("tensor '%s' needs two data_offsets; one is missing", name);
        }
        StoredTensor tensor =
                new StoredTensor(name, type, new Shape(shape), offsets[0], offsets[1]);
        try {
            if (tensor.end() - tensor.begin() != bytes(tensor)) {
                throw entry.malformed(
                        "tensor '%s' of type %s and shape %s takes %d bytes, but its data_offsets"
                                + " are [%d, %d]",
                        name, type, tensor.shape(), bytes(tensor), offsets[0], offsets[1]);
            }
        } catch (ArithmeticException e) {
            throw entry.malformed(
                    "tensor '%s' has shape %s, whose size in bytes exceeds %d",
                    name, tensor.shape(), Long.MAX_VALUE);
        }
        return tensor;
    }

    private static StoredType type(String name, Json dtype) {
        return StoredType.named(dtype.string())
                .orElseThrow(
                        () ->
                                dtype.malformed(
                                        "tensor '%s' has the unknown dtype '%s'; known are %s",
                                        name,
                                        dtype.string(),
                                        Arrays.toString(StoredType.values())));
    }

    private static long[] numbers(Json array, int limit) {
        if (array.items().size() > limit) {
            throw array.malformed("%s has more than %d numbers", array.place(), limit);
        }
        return array.items().stream().mapToLong(n -> n.wholeNumber(Long.MAX_VALUE)).toArray();
    }

    /** An empty tensor must not hide an overflow: its strides are products as well. */
    private static long bytes(StoredTensor tensor) {
        long[] shape = tensor.shape().getShape();
        long strides = tensor.type().width();
        for (long size : shape) {
            strides = Math.multiplyExact(strides, Math.max(size, 1));
        }
        return Arrays.stream(shape).anyMatch(size -> size == 0) ? 0 : strides;
    }

    private static int length(SafeTensorsFile file, long fileSize)
            throws IOException, MalformedModelException {
        if (fileSize < LENGTH_BYTES) {
            throw file.malformed(
                    "has %d bytes, fewer than the %d that hold the header's length;"
                            + " it is truncated or no safetensors file",
                    fileSize, LENGTH_BYTES);
        }
        ByteBuffer prefix = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        file.read(prefix, 0);
        long length = prefix.getLong(0);
        if (length < 0 || length > MAX_LENGTH) {
            throw file.malformed(
                    "declares a header of %s bytes, the limit is %d; is it a safetensors file?",
                    Long.toUnsignedString(length), MAX_LENGTH);
        }
        if (length > fileSize - LENGTH_BYTES) {
            throw file.malformed(
                    "declares a header of %d bytes but only %d follow; it is truncated, fetch it"
                            + " again",
                    length, fileSize - LENGTH_BYTES);
        }
        return (int) length;
    }

    /** Sorts the tensors by position and checks that they tile the data without hole or overlap. */
    private static Map<String, StoredTensor> inDataOrder(
            SafeTensorsFile file, Map<String, StoredTensor> tensors, long dataSize)
            throws MalformedModelException {
        List<StoredTensor> sorted = new ArrayList<>(tensors.values());
        sorted.sort(
                Comparator.comparingLong(StoredTensor::begin).thenComparingLong(StoredTensor::end));
        Map<String, StoredTensor> ordered = new LinkedHashMap<>();
        long end = 0;
        for (StoredTensor tensor : sorted) {
            if (tensor.begin() != end) {
                throw file.malformed(
                        "tensor '%s' begins at byte %d of the data, but what precedes it ends at"
                                + " %d; tensors may neither overlap nor leave holes",
                        tensor.name(), tensor.begin(), end);
            }
            end = tensor.end();
            ordered.put(tensor.name(), tensor);
        }
        if (end != dataSize) {
            throw file.malformed(
                    "has %d bytes of data where its tensors take %d; it is %s, fetch it again",
                    dataSize, end, dataSize < end ? "truncated" : "followed by stray bytes");
        }
        return ordered;
    }
}
