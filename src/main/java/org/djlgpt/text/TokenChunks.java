package org.djlgpt.text;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** Walks over tokens once, in arrays of moderate size. */
final class TokenChunks implements Iterator<int[]> {

    private static final int MAX_LENGTH = 1 << 16;

    private final Tokens tokens;
    private long position;

    TokenChunks(Tokens tokens) {
        this.tokens = tokens;
    }

    @Override
    public boolean hasNext() {
        return position < tokens.size();
    }

    @Override
    public int[] next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all " + position + " tokens were read");
        }
        int[] ids = new int[(int) Math.min(MAX_LENGTH, tokens.size() - position)];
        tokens.read(position, ids);
        position += ids.length;
        return ids;
    }
}
