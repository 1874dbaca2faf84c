package org.djlgpt.text;

/** Tokens in memory. */
final class ArrayTokens implements Tokens {

    private final int[] ids;

    /** Takes ownership of the ids. */
    ArrayTokens(int[] ids) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0) {
                throw new IllegalArgumentException(
                        "token id="
                                + ids[i]
                                + " at position "
                                + i
                                + " is negative; ids start at 0");
            }
        }
        this.ids = ids;
    }

    @Override
    public long size() {
        return ids.length;
    }

    @Override
    public void read(long from, int[] into) {
        Positions.check(from, from + into.length, ids.length);
        System.arraycopy(ids, (int) from, into, 0, into.length);
    }
}
