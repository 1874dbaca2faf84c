package org.djlgpt.spark;

import org.djlgpt.nn.IllegalParameterException;

import java.io.Serializable;

/**
 * How all trained parameters, one behind the other, are cut into pieces of equal length, in which
 * they travel and are stored; the last may be shorter.
 *
 * @param numbers how many numbers there are
 * @param count how many fragments
 */
record Fragments(long numbers, int count) implements Serializable {

    /** As many numbers make a fragment of 8 MiB. */
    static final int NUMBERS = 1 << 21;

    Fragments {
        if (count < 1 || numbers / count >= Integer.MAX_VALUE / 8) {
            throw new IllegalParameterException(
                    "{fragments}=%d do not cut %d numbers into pieces of at least 1 and fewer than"
                            + " %d; leave it out",
                    count, numbers, Integer.MAX_VALUE / 8);
        }
    }

    /** Cuts so that no fragment is large, and each worker has one to average. */
    static Fragments of(long numbers, int workers) {
        return new Fragments(numbers, (int) Math.max(workers, (numbers - 1) / NUMBERS + 1));
    }

    long from(int fragment) {
        return Math.min(numbers, fragment * each());
    }

    int length(int fragment) {
        return (int) (from(fragment + 1) - from(fragment));
    }

    private long each() {
        return (numbers + count - 1) / count;
    }
}
