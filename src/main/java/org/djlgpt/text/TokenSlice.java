package org.djlgpt.text;

/** A part of other tokens. */
record TokenSlice(Tokens whole, long from, long to) implements Tokens {

    TokenSlice {
        Positions.check(from, to, whole.size());
    }

    @Override
    public long size() {
        return to - from;
    }

    @Override
    public void read(long start, int[] into) {
        Positions.check(start, start + into.length, size());
        whole.read(from + start, into);
    }
}
