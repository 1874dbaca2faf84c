package org.djlgpt.data;

/**
 * A pseudo-random order of the numbers 0 to {@code size} - 1 that needs no memory: any place of it
 * can be asked for at once.
 *
 * <p>A balanced Feistel network permutes the numbers of an even number of bits (Luby and Rackoff,
 * How to Construct Pseudorandom Permutations from Pseudorandom Functions, 1988); a result that is
 * not below {@code size} goes through the network again until it is (cycle walking; Black and
 * Rogaway, Ciphers with Arbitrary Finite Domains, 2002, section 3). The network spans less than
 * four times {@code size}, so fewer than four passes are made on average. The round function is the
 * finalizer of SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators,
 * 2014).
 */
final class FeistelPermutation {

    /** Four rounds are enough for large domains; the small ones of short texts gain from more. */
    private static final int ROUNDS = 8;

    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private final long size;
    private final int halfBits;
    private final long halfMask;
    private final long[] keys = new long[ROUNDS];

    FeistelPermutation(long size, long key) {
        this.size = size;
        int bits = Long.SIZE - Long.numberOfLeadingZeros(size - 1);
        halfBits = Math.max(1, (bits + 1) / 2);
        halfMask = (1L << halfBits) - 1;
        for (int round = 0; round < ROUNDS; round++) {
            keys[round] = mix(key + (round + 1) * GOLDEN_GAMMA);
        }
    }

    /** Returns the number at a place of the order; both are from 0 to {@code size} - 1. */
    long at(long place) {
        long number = place;
        do {
            number = permute(number);
        } while (Long.compareUnsigned(number, size) >= 0);
        return number;
    }

    private long permute(long number) {
        long left = number >>> halfBits;
        long right = number & halfMask;
        for (long key : keys) {
            long next = left ^ (mix(right + key) & halfMask);
            left = right;
            right = next;
        }
        return left << halfBits | right;
    }

    /** Spreads every bit over all 64. */
    static long mix(long bits) {
        long mixed = (bits ^ bits >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }
}
