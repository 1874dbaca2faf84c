package org.djlgpt.spark;

import org.djlgpt.nn.IllegalParameterException;

import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How all trained parameters, one behind the other, are cut into pieces of equal length, in which
 * they travel and are stored; the last may be shorter. A fragment, which is exchanged as a whole,
 * is every so many-th piece, so that each has some of all depths (the strided pattern of Douillard
 * et al., "Streaming DiLoCo with overlapping communication", 2025, arXiv 2501.18512).
 *
 * @param numbers how many numbers there are
 * @param count how many pieces, of which each fragment has as many
 * @param fragments how many fragments
 */
record Pieces(long numbers, int count, int fragments) implements Serializable {

    /** As many numbers make a piece of 8 MiB. */
    static final int NUMBERS = 1 << 21;

    Pieces {
        if (count < 1 || numbers / count >= Integer.MAX_VALUE / 8) {
            throw new IllegalArgumentException(
                    "%d pieces do not cut %d numbers; leave the number to the training"
                            .formatted(count, numbers));
        }
        if (fragments > numbers) {
            throw new IllegalParameterException(
                    "{fragments}=%d are more than the %d numbers that are trained; take fewer",
                    fragments, numbers);
        }
    }

    /** Cuts so that no piece is large, and each worker has one of each fragment to average. */
    static Pieces of(long numbers, RoundPlan rounds) {
        int fragments = rounds.fragments();
        long each = Math.max(rounds.workers(), (numbers - 1) / fragments / NUMBERS + 1);
        return new Pieces(numbers, Math.toIntExact(each * fragments), fragments);
    }

    long from(int piece) {
        return Math.min(numbers, piece * each());
    }

    int length(int piece) {
        return (int) (from(piece + 1) - from(piece));
    }

    private long each() {
        return (numbers + count - 1) / count;
    }

    /** Returns the pieces that are exchanged behind a round, in order. */
    List<Integer> exchanged(RoundPlan.Part part) {
        int first = part.isWhole() ? 0 : part.fragment();
        int stride = part.isWhole() ? 1 : fragments;
        return IntStream.iterate(first, i -> i < count, i -> i + stride).boxed().toList();
    }
}
