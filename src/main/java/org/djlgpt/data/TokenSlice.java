package org.djlgpt.data;

/** A part of other tokens. */
record TokenSlice(Tokens whole, long from, long to) implements Tokens {

    /** The most ids that {@link Tokens#chunks} reads at a time. */
    static final int CHUNK = 1 << 16;

    TokenSlice {
        requireWithin(from, to, whole.size());
    }

    static void requireWithin(long from, long to, long size) {
        if (from < 0 || to < from || to > size) {
            throw new IllegalArgumentException(
                    String.format(
                            "positions from=%d to=%d (exclusive) are not within %d tokens;"
                                    + " give 0 <= from <= to <= %d",
                            from, to, size, size));
        }
    }

    /** Returns how many tokens a share of some is, rounded down. */
    static long share(long size, double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("share=" + share + " must lie in [0, 1]");
        }
        return (long) (size * share);
    }

    @Override
    public long size() {
        return to - from;
    }

    @Override
    public void read(long start, int[] into) {
        requireWithin(start, start + into.length, size());
        whole.read(from + start, into);
    }
}
