package org.djlgpt.text;

/** The rule that a range of token positions must lie within the tokens. */
final class Positions {

    private Positions() {}

    static void check(long from, long to, long size) {
        if (from < 0 || to < from || to > size) {
            throw new IllegalArgumentException(
                    String.format(
                            "positions from=%d to=%d (exclusive) are not within %d tokens;"
                                    + " give 0 <= from <= to <= %d",
                            from, to, size, size));
        }
    }
}
