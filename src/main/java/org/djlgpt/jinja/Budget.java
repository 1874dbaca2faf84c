package org.djlgpt.jinja;

/**
 * The bounds of one rendering: how often something may be done, and how much text and how many list
 * items may come of it, all together and at once.
 */
final class Budget {

    /** In steps; some ten million of them take a second. */
    private static final long MAX_STEPS = 20_000_000;

    /** In characters or items. */
    private static final long MAX_SIZE = 5_000_000;

    /** Of values in values; one that is in another twice can make much of little. */
    private static final int MAX_DEPTH = 100;

    private long steps;
    private int depth;
    private int line;

    /** Returns where the statement is that spends. */
    int line() {
        return line;
    }

    /** Notes where a statement is that is about to be executed. */
    void begin(int statementLine, long cost) {
        line = statementLine;
        spend(cost);
    }

    void spend(long cost) {
        steps += cost;
        if (steps > MAX_STEPS) {
            throw new TemplateError("more than %,d steps are needed", MAX_STEPS);
        }
    }

    /** Asks whether a text or list of a size may be made. */
    void make(long size) {
        if (size > MAX_SIZE) {
            throw new TemplateError(
                    "a value of %,d characters or items is needed; the limit is %,d",
                    size, MAX_SIZE);
        }
        spend(size);
    }

    /** Goes one level deeper: into a macro, or a value within a value. */
    void enter() {
        spend(1);
        if (++depth > MAX_DEPTH) {
            throw new TemplateError("values or macros are nested deeper than %d", MAX_DEPTH);
        }
    }

    void leave() {
        depth--;
    }
}
