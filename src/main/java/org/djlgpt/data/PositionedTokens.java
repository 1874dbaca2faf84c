package org.djlgpt.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The tokens of a file that is not mapped. */
record PositionedTokens(PositionedBytes bytes, TokenFormat format, long size) implements Tokens {

    static PositionedTokens open(PositionedBytes bytes, String name) throws IOException {
        byte[] look = new byte[(int) Math.min(bytes.size(), TokenFormat.LOOK_BYTES)];
        bytes.read(0, look);
        TokenFormat format = TokenFormat.of(ByteBuffer.wrap(look), bytes.size(), name);
        long size = (bytes.size() - format.position(0)) / format.width();
        return new PositionedTokens(bytes, format, size);
    }

    @Override
    public void read(long from, int[] into) {
        TokenSlice.requireWithin(from, from + into.length, size);
        byte[] part = new byte[Math.multiplyExact(into.length, format.width())];
        try {
            bytes.read(format.position(from), part);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ByteBuffer ids = ByteBuffer.wrap(part).order(ByteOrder.LITTLE_ENDIAN);
        format.get(ids, into, 0, into.length);
        TokenFile.requireIds(from, into);
    }
}
