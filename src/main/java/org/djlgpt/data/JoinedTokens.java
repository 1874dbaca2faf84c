package org.djlgpt.data;

import java.util.List;

/** Tokens that follow one another. */
record JoinedTokens(List<Tokens> parts) implements Tokens {

    @Override
    public long size() {
        return parts.stream().mapToLong(Tokens::size).sum();
    }

    @Override
    public void read(long from, int[] into) {
        TokenSlice.requireWithin(from, from + into.length, size());
        long start = 0;
        for (Tokens part : parts) {
            long first = Math.max(from, start);
            long end = Math.min(from + into.length, start + part.size());
            if (first < end) {
                int[] ids = new int[(int) (end - first)];
                part.read(first - start, ids);
                System.arraycopy(ids, 0, into, (int) (first - from), ids.length);
            }
            start += part.size();
        }
    }
}
