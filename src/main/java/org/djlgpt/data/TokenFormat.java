package org.djlgpt.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a token file holds its ids, little-endian: after nothing, or after the header of llm.c, 256
 * numbers of which the first are a magic one, a version and the number of tokens.
 *
 * <p>Source: {@code dev/data/data_common.py} of llm.c.
 */
enum TokenFormat {
    /** 16 bits without a header, as numpy's {@code tofile} and nanoGPT write them. */
    UINT16(0, 0, Short.BYTES),
    /** 16 bits, for GPT-2's ids. */
    GPT2(20240520, 1, Short.BYTES),
    /** 32 bits, for Llama 3's. */
    LLAMA3(20240801, 7, Integer.BYTES);

    private static final int HEADER_BYTES = 1024;

    /** How much of a file is looked at to tell its format, and the fewest bytes that tell one. */
    static final int LOOK_BYTES = 1 << 16;

    private static final int LOOK_LEAST = 64;

    private final int magic;
    private final int version;
    private final int width;

    TokenFormat(int magic, int version, int width) {
        this.magic = magic;
        this.version = version;
        this.width = width;
    }

    /**
     * Tells the format of a file.
     *
     * @param look its beginning
     * @param bytes its length
     * @throws IllegalArgumentException if it has none of them, or not as many ids as it says
     */
    static TokenFormat of(ByteBuffer look, long bytes, Object file) {
        look.order(ByteOrder.LITTLE_ENDIAN);
        if (bytes >= HEADER_BYTES) {
            for (TokenFormat format : new TokenFormat[] {GPT2, LLAMA3}) {
                if (look.getInt(0) == format.magic && look.getInt(4) == format.version) {
                    format.requireSize(Integer.toUnsignedLong(look.getInt(8)), bytes, file);
                    return format;
                }
            }
        }
        if (bytes == 0 || bytes % Short.BYTES != 0) {
            throw new IllegalArgumentException(
                    "token file %s has %d bytes, which is not a positive multiple of 2; write it again"
                            .formatted(file, bytes));
        }
        if (isOfInts(look)) {
            throw new IllegalArgumentException(
                    ("token file %s holds ids of 32 bits without a header; write them as 16 bits,"
                                    + " numpy's uint16, if none is larger than %d, or put llm.c's"
                                    + " header of %d and %d before them")
                            .formatted(file, UINT16.maxId(), LLAMA3.magic, LLAMA3.version));
        }
        return UINT16;
    }

    private void requireSize(long size, long bytes, Object file) {
        if (size == 0 || position(size) != bytes) {
            throw new IllegalArgumentException(
                    "token file %s says that it has %d tokens, but its %d bytes are not as many; fetch or write it again"
                            .formatted(file, size, bytes));
        }
    }

    /** Small numbers of 32 bits have nothing in their upper half; 16-bit ids are not so regular. */
    private static boolean isOfInts(ByteBuffer look) {
        if (look.limit() < LOOK_LEAST || look.limit() % Integer.BYTES != 0) {
            return false;
        }
        boolean anyLower = false;
        for (int at = 0; at < look.limit(); at += Integer.BYTES) {
            if (look.getShort(at + Short.BYTES) != 0) {
                return false;
            }
            anyLower |= look.getShort(at) != 0;
        }
        return anyLower;
    }

    /** Returns the bytes that an id takes. */
    int width() {
        return width;
    }

    int maxId() {
        return width == Short.BYTES ? 0xFFFF : Integer.MAX_VALUE;
    }

    /** Returns where in a file an id begins. */
    long position(long token) {
        return (magic == 0 ? 0 : HEADER_BYTES) + token * width;
    }

    /** Takes ids from a buffer. */
    void get(ByteBuffer buffer, int[] into, int start, int count) {
        if (width == Short.BYTES) {
            for (int i = 0; i < count; i++) {
                into[start + i] = Short.toUnsignedInt(buffer.getShort());
            }
        } else {
            buffer.asIntBuffer().get(into, start, count);
        }
    }

    void put(ByteBuffer buffer, int id) {
        if (width == Short.BYTES) {
            buffer.putShort((short) id);
        } else {
            buffer.putInt(id);
        }
    }

    /**
     * Puts what comes before the ids.
     *
     * @throws IllegalArgumentException if there are more than the header can tell
     */
    void putHeader(ByteBuffer buffer, long size) {
        if (magic == 0) {
            return;
        }
        if (size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "%d tokens of 32 bits are more than the %d that a token file can have; write several"
                            .formatted(size, Integer.MAX_VALUE));
        }
        buffer.putInt(magic).putInt(version).putInt((int) size);
        while (buffer.position() < HEADER_BYTES) {
            buffer.putInt(0);
        }
    }
}
