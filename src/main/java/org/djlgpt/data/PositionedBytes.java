package org.djlgpt.data;

import java.io.IOException;

/** A file that can be read from any place on; several threads may do so at once. */
public interface PositionedBytes {

    /**
     * Returns the length of the file.
     *
     * @return bytes
     */
    long size();

    /**
     * Fills an array with the bytes from a place on.
     *
     * @param position the place of the first byte
     * @param into takes the bytes
     * @throws IOException if they can't be read
     */
    void read(long position, byte[] into) throws IOException;
}
