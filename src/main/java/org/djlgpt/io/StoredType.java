package org.djlgpt.io;

import ai.djl.ndarray.types.DataType;

import java.util.Arrays;
import java.util.Optional;

/**
 * The element types a safetensors file can declare, as it spells them, with the engine type that
 * has the same bytes.
 *
 * <p>The types without one must never reach the engine: its native code ends the process on 16-bit,
 * unsigned 32- and 64-bit integers and on bfloat16.
 */
enum StoredType {
    BOOL(1, DataType.BOOLEAN),
    U8(1, DataType.UINT8),
    I8(1, DataType.INT8),
    F8_E5M2(1, null),
    F8_E4M3(1, null),
    F8_E8M0(1, null),
    I16(2, null),
    U16(2, null),
    F16(2, DataType.FLOAT16),
    BF16(2, null),
    I32(4, DataType.INT32),
    U32(4, null),
    F32(4, DataType.FLOAT32),
    I64(8, DataType.INT64),
    U64(8, null),
    F64(8, DataType.FLOAT64),
    C64(8, null);

    private final int width;
    private final DataType engineType;

    StoredType(int width, DataType engineType) {
        this.width = width;
        this.engineType = engineType;
    }

    /** Returns the size of an element in bytes. */
    int width() {
        return width;
    }

    Optional<DataType> engineType() {
        return Optional.ofNullable(engineType);
    }

    static Optional<StoredType> named(String dtype) {
        return Arrays.stream(values()).filter(type -> type.name().equals(dtype)).findFirst();
    }

    static Optional<StoredType> holding(DataType engineType) {
        return Arrays.stream(values()).filter(type -> type.engineType == engineType).findFirst();
    }
}
