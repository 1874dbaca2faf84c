package org.djlgpt.io;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A <a href="https://github.com/huggingface/safetensors#format">safetensors</a> file: named tensors
 * and nothing that could be executed.
 *
 * <p>Opening reads and checks the header; tensors are read one by one, straight into the engine's
 * memory, so that a file larger than the Java heap loads as well. Reading needs the PyTorch engine
 * and, for a moment, memory for one tensor more than is kept. An open file may be read by several
 * threads at a time.
 *
 * <pre>{@code
 * try (SafeTensors file = SafeTensors.open(Path.of("model.safetensors"))) {
 *     NDArray embedding = file.read(manager, "wte.weight");
 * }
 * }</pre>
 *
 * <p>Whatever is wrong with the content of a file is a {@link MalformedModelException} that names
 * the file, the tensor and the reason; an {@link IOException} means that the file can't be read.
 */
public final class SafeTensors implements AutoCloseable {

    private final SafeTensorsFile file;
    private final SafeTensorsHeader header;

    private SafeTensors(SafeTensorsFile file, SafeTensorsHeader header) {
        this.file = file;
        this.header = header;
    }

    /**
     * Opens a file and checks its header, but not yet the values of its tensors.
     *
     * @param path the file
     * @return the open file; close it
     * @throws MalformedModelException if the file is no safetensors file, is truncated, or its
     *     header contradicts itself or the file's size
     * @throws IOException if there is no such file, it is a directory, or reading fails
     */
    public static SafeTensors open(Path path) throws IOException, MalformedModelException {
        SafeTensorsFile file = SafeTensorsFile.open(path);
        try {
            return new SafeTensors(file, SafeTensorsHeader.read(file));
        } catch (IOException | MalformedModelException | RuntimeException | Error e) {
            file.channel().close();
            throw e;
        }
    }

    /**
     * Writes tensors to a file, with {@code format=pt} as metadata, by which Python's transformers
     * recognises PyTorch's layout.
     *
     * @param path the file to create or replace; see {@link AtomicFile#write}
     * @param tensors the tensors by name; see {@link #write(Path, Map, Map)}
     * @throws IOException if the file can't be written; an existing file is then unchanged
     * @throws IllegalArgumentException if a tensor can't be stored
     */
    public static void write(Path path, Map<String, NDArray> tensors) throws IOException {
        write(path, tensors, Map.of());
    }

    /**
     * Writes tensors to a file, one after the other and without a copy of those that lie contiguous
     * in CPU memory. The file appears complete or not at all.
     *
     * <p>The data lies in the map's order, but wider element types first, so that every tensor
     * begins at a multiple of its element's width: readers that map the file need that.
     *
     * @param path the file to create or replace; see {@link AtomicFile#write}
     * @param tensors the tensors by name, of any shape and device, each below 2 GiB, of type
     *     float16, float32, float64, int8, uint8, int32, int64 or boolean; they are not changed
     * @param metadata free-form texts; {@code format} is {@code pt} unless given here
     * @throws IOException if the file can't be written; an existing file is then unchanged
     * @throws IllegalArgumentException if a tensor is missing, closed, too large or of another
     *     type, a tensor is named {@code __metadata__}, or the header would exceed 100 MB
     */
    public static void write(Path path, Map<String, NDArray> tensors, Map<String, String> metadata)
            throws IOException {
        Map<String, TensorSource> sources = new LinkedHashMap<>();
        tensors.forEach((name, array) -> sources.put(name, TensorSource.of(name, array)));
        new SafeTensorsWriter(sources, metadata).write(path);
    }

    /**
     * Writes tensors that are made one after the other, so that they need not fit into memory
     * together.
     *
     * @param path the file to create or replace; see {@link AtomicFile#write}
     * @param tensors the tensors by name, under the conditions of {@link #write(Path, Map, Map)}
     * @throws IOException if the file can't be written; an existing file is then unchanged
     * @throws IllegalArgumentException if a tensor can't be stored, or is not of the type and shape
     *     that its source says; an existing file is then unchanged
     */
    public static void writeLazily(Path path, Map<String, TensorSource> tensors)
            throws IOException {
        new SafeTensorsWriter(tensors, Map.of()).write(path);
    }

    /**
     * Returns the names of the tensors.
     *
     * @return the names in the order of the data in the file, unmodifiable
     */
    public Set<String> names() {
        return Collections.unmodifiableSet(header.tensors().keySet());
    }

    /**
     * Returns the free-form texts of the header.
     *
     * @return the texts by name, unmodifiable, empty if there are none
     */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    /**
     * Returns the shape of a tensor.
     *
     * @param name the tensor's name
     * @return its shape, without dimensions for a scalar
     * @throws IllegalArgumentException if the file has no such tensor
     */
    public Shape shape(String name) {
        return stored(name).shape();
    }

    /**
     * Returns the element type that a tensor has in the file, which for F16 and BF16 is not that of
     * the array {@link #read} returns.
     *
     * @param name the tensor's name
     * @return the type as the format spells it, such as {@code F32}, {@code BF16} or {@code I64}
     * @throws IllegalArgumentException if the file has no such tensor
     */
    public String dtype(String name) {
        return stored(name).type().name();
    }

    /**
     * Reads a tensor. F16, BF16 and F32 become float32, without loss; F64, I64, I32, I8, U8 and
     * BOOL stay what they are.
     *
     * @param manager the manager that owns the result and decides on its device
     * @param name the tensor's name
     * @return the tensor, named as in the file
     * @throws IllegalArgumentException if the file has no such tensor
     * @throws IllegalStateException if this file is closed
     * @throws MalformedModelException if the tensor has a type the engine lacks, takes 2 GiB or
     *     more, or the file was cut meanwhile
     * @throws IOException if reading fails
     */
    public NDArray read(NDManager manager, String name)
            throws IOException, MalformedModelException {
        StoredTensor tensor = stored(name);
        if (!file.channel().isOpen()) {
            throw new IllegalStateException(
                    file.path() + ": is closed; read tensor '" + name + "' before closing it");
        }
        try (NDManager staging = manager.newSubManager(Device.cpu())) {
            NDArray array =
                    tensor.type() == StoredType.BF16
                            ? readBfloat16(staging, tensor)
                            : readAsStored(staging, tensor);
            NDArray result = array.toDevice(manager.getDevice(), false);
            result.attach(manager);
            result.setName(name);
            return result;
        }
    }

    /**
     * Reads a tensor that is to be computed with, such as a weight, as {@link #read} does.
     *
     * @param manager the manager that owns the result and decides on its device
     * @param name the tensor's name
     * @return the tensor, whose elements are all finite
     * @throws IllegalArgumentException if the file has no such tensor
     * @throws IllegalStateException if this file is closed
     * @throws MalformedModelException if {@link #read} throws it, or an element is infinite or NaN
     * @throws IOException if reading fails
     */
    public NDArray readFinite(NDManager manager, String name)
            throws IOException, MalformedModelException {
        try (NDManager checking = manager.newSubManager()) {
            NDArray array = read(checking, name);
            // The fastest look at all elements; only when they are huge it needs a second one.
            if (array.getDataType().isFloating() && !Double.isFinite(number(array.sum()))) {
                requireFinite(array);
            }
            array.attach(manager);
            return array;
        }
    }

    private void requireFinite(NDArray array) throws MalformedModelException {
        NDArray wrong = array.isNaN().logicalOr(array.isInfinite()).flatten();
        long count = wrong.toType(DataType.INT64, false).sum().getLong();
        if (count > 0) {
            long first = wrong.toType(DataType.INT32, false).argMax().getLong();
            throw file.malformed(
                    "tensor '%s' has %s at %s, and %d of its %d elements are not finite; fetch or"
                            + " train it again",
                    array.getName(),
                    number(array.flatten().get(first)),
                    position(first, array.getShape()),
                    count,
                    array.size());
        }
    }

    private static double number(NDArray scalar) {
        return scalar.toType(DataType.FLOAT64, false).getDouble();
    }

    private static String position(long index, Shape shape) {
        long[] position = new long[shape.dimension()];
        long rest = index;
        for (int axis = position.length - 1; axis >= 0; axis--) {
            position[axis] = rest % shape.get(axis);
            rest /= shape.get(axis);
        }
        return Arrays.toString(position);
    }

    /**
     * Returns where the file is.
     *
     * @return the path that it was opened with
     */
    public Path path() {
        return file.path();
    }

    /** Closes the file; arrays that were read from it stay. */
    @Override
    public void close() throws IOException {
        file.channel().close();
    }

    private NDArray readAsStored(NDManager manager, StoredTensor tensor)
            throws IOException, MalformedModelException {
        DataType type =
                tensor.type()
                        .engineType()
                        .orElseThrow(
                                () ->
                                        file.malformed(
                                                "tensor '%s' is of type %s, which the engine lacks;"
                                                        + " store it as F32 or I64",
                                                tensor.name(), tensor.type()));
        NDArray array = allocate(manager, tensor, type);
        file.read(array.toByteBuffer(true), header.dataStart() + tensor.begin());
        return type == DataType.FLOAT16 ? array.toType(DataType.FLOAT32, false) : array;
    }

    /** Widens in Java, since the engine's own bfloat16 ends the process. */
    private NDArray readBfloat16(NDManager manager, StoredTensor tensor)
            throws IOException, MalformedModelException {
        NDArray array = allocate(manager, tensor, DataType.FLOAT32);
        ByteBuffer wide = array.toByteBuffer(true);
        // The stored half fills the back of the array's own memory: widening from the front, each
        // value is read before it is overwritten. A bfloat16 is the upper half of a float32.
        int half = wide.capacity() / 2;
        file.read(wide.position(half), header.dataStart() + tensor.begin());
        for (int i = 0; i < half; i += Short.BYTES) {
            wide.putInt(2 * i, wide.getShort(half + i) << Short.SIZE);
        }
        return array;
    }

    private NDArray allocate(NDManager manager, StoredTensor tensor, DataType type)
            throws MalformedModelException {
        long bytes = tensor.shape().size() * type.getNumOfBytes();
        if (bytes > Integer.MAX_VALUE) {
            throw file.malformed(
                    "tensor '%s' takes %d bytes in memory, the limit is %d; split it",
                    tensor.name(), bytes, Integer.MAX_VALUE);
        }
        return manager.create(tensor.shape(), type);
    }

    private StoredTensor stored(String name) {
        StoredTensor tensor = header.tensors().get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(
                    file.path() + ": has no tensor '" + name + "'; it belongs to another model");
        }
        return tensor;
    }
}
