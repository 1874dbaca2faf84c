package org.djlgpt.io;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;

import com.google.gson.stream.JsonWriter;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lays tensors out as a safetensors file, from the header to the last byte. */
final class SafeTensorsWriter {

    private static final int ALIGNMENT = 8;

    private final Map<String, TensorSource> sources;
    private final List<StoredTensor> layout;
    private final Map<String, String> metadata;

    SafeTensorsWriter(Map<String, TensorSource> sources, Map<String, String> metadata) {
        this.sources = sources;
        this.metadata = new LinkedHashMap<>(metadata);
        this.metadata.putIfAbsent("format", "pt");
        layout = layOut(sources);
    }

    void write(Path path) throws IOException {
        ByteBuffer header = header();
        AtomicFile.write(
                path,
                channel -> {
                    DiskSpace.require(path, header.remaining() + dataBytes());
                    writeFully(channel, header);
                    for (StoredTensor tensor : layout) {
                        writeData(channel, tensor.name(), sources.get(tensor.name()));
                    }
                });
    }

    private long dataBytes() {
        return layout.isEmpty() ? 0 : layout.get(layout.size() - 1).end();
    }

    /** Widest types first: each tensor then begins at a multiple of its element's width. */
    private static List<StoredTensor> layOut(Map<String, TensorSource> sources) {
        List<StoredTensor> unplaced = new ArrayList<>();
        sources.forEach((name, source) -> unplaced.add(describe(name, source)));
        unplaced.sort(Comparator.comparingInt((StoredTensor t) -> t.type().width()).reversed());
        List<StoredTensor> placed = new ArrayList<>();
        long begin = 0;
        for (StoredTensor tensor : unplaced) {
            long end = begin + tensor.end();
            placed.add(new StoredTensor(tensor.name(), tensor.type(), tensor.shape(), begin, end));
            begin = end;
        }
        return placed;
    }

    /** Describes a tensor as if it were the first. */
    private static StoredTensor describe(String name, TensorSource source) {
        if (name.equals(SafeTensorsHeader.METADATA)) {
            throw new IllegalArgumentException(
                    "No tensor can be named '" + name + "', the format keeps it; rename it");
        }
        StoredType type =
                StoredType.holding(source.type())
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "Tensor '"
                                                        + name
                                                        + "' is of type "
                                                        + source.type()
                                                        + ", which can't be written; convert it"
                                                        + " to float32"));
        long bytes = source.shape().size() * type.width();
        if (bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "Tensor '"
                            + name
                            + "' has "
                            + bytes
                            + " bytes, the limit is "
                            + Integer.MAX_VALUE
                            + "; split it");
        }
        return new StoredTensor(name, type, source.shape(), 0, bytes);
    }

    /** Returns the length and the JSON, padded with spaces so that the data is aligned. */
    private ByteBuffer header() throws IOException {
        ByteBuffer json = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(json()));
        int padding = Math.floorMod(-json.remaining(), ALIGNMENT);
        int length = json.remaining() + padding;
        if (length > SafeTensorsHeader.MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "The header would have "
                            + length
                            + " bytes, the limit is "
                            + SafeTensorsHeader.MAX_LENGTH
                            + "; shorten names or metadata");
        }
        ByteBuffer header =
                ByteBuffer.allocate(SafeTensorsHeader.LENGTH_BYTES + length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(length).put(json).put(" ".repeat(padding).getBytes(StandardCharsets.UTF_8));
        return header.flip();
    }

    private String json() throws IOException {
        StringWriter text = new StringWriter();
        try (JsonWriter json = new JsonWriter(text)) {
            json.beginObject();
            json.name(SafeTensorsHeader.METADATA).beginObject();
            for (Map.Entry<String, String> entry : metadata.entrySet()) {
                json.name(entry.getKey()).value(entry.getValue());
            }
            json.endObject();
            for (StoredTensor tensor : layout) {
                json.name(tensor.name()).beginObject();
                json.name("dtype").value(tensor.type().name());
                json.name("shape").beginArray();
                for (long size : tensor.shape().getShape()) {
                    json.value(size);
                }
                json.endArray();
                json.name("data_offsets").beginArray();
                json.value(tensor.begin()).value(tensor.end()).endArray();
                json.endObject();
            }
            json.endObject();
        }
        return text.toString();
    }

    private static void writeData(FileChannel channel, String name, TensorSource source)
            throws IOException {
        // Closes what the value is made of, and what the engine copies on the way (from a GPU, out
        // of a transposed view).
        try (NDScope scope = new NDScope()) {
            NDArray value = source.value().get();
            if (value.getDataType() != source.type() || !value.getShape().equals(source.shape())) {
                throw new IllegalArgumentException(
                        "Tensor '%s' is %s %s, but was said to be %s %s"
                                .formatted(
                                        name,
                                        value.getDataType(),
                                        value.getShape(),
                                        source.type(),
                                        source.shape()));
            }
            writeFully(channel, value.stopGradient().toByteBuffer(true));
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
