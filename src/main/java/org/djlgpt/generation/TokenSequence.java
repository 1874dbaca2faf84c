package org.djlgpt.generation;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.Checks;

import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * One sequence of a {@link Decoding}: its token ids, how the next one is chosen, the window of them
 * that the model has seen, and when it ends. Its chance is its own: the number that chooses a token
 * follows from the sequence's seed and the token's place alone.
 */
public final class TokenSequence {

    /** What a {@link SplittableRandom} adds to its state from one number to the next. */
    private static final long NEXT = 0x9E3779B97F4A7C15L;

    private static final int NEVER = -1;

    private final int promptLength;
    private final Sampler sampler;
    private final long seed;
    private final int maxNewTokens;
    private final IntPredicate listener;
    private long[] tokens;
    private int length;
    private int start = NEVER;
    private int promptCached;
    private boolean ended;

    /**
     * Makes a sequence.
     *
     * @param prompt the ids that it starts with, at least one
     * @param sampler chooses each token
     * @param seed what its chances follow from
     * @param maxNewTokens the most tokens to take, at least 1
     * @param listener takes each new token and says whether to go on
     * @throws IllegalArgumentException if the prompt is empty, or {@code maxNewTokens} below 1
     */
    public TokenSequence(
            int[] prompt, Sampler sampler, long seed, int maxNewTokens, IntPredicate listener) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException(
                    "the prompt has 0 tokens, but needs at least 1 to continue; give some text");
        }
        Checks.requirePositive("maxNewTokens", maxNewTokens);
        this.sampler = Objects.requireNonNull(sampler, "sampler");
        this.seed = seed;
        this.maxNewTokens = maxNewTokens;
        this.listener = listener;
        tokens = IntStream.of(prompt).asLongStream().toArray();
        length = prompt.length;
        promptLength = length;
    }

    /** Draws a seed from the engine's generator for the CPU. */
    static long newSeed(NDManager manager) {
        try (NDManager host = manager.newSubManager(Device.cpu())) { // the same on a GPU
            return host.randomInteger(0, Long.MAX_VALUE, new Shape(1), DataType.INT64).getLong();
        }
    }

    /**
     * Returns the tokens.
     *
     * @return those of the prompt and those chosen since
     */
    public int[] tokens() {
        return Arrays.stream(tokens, 0, length).mapToInt(token -> (int) token).toArray();
    }

    /**
     * Returns how many tokens there are.
     *
     * @return the length of the prompt and the number of tokens chosen since
     */
    public int length() {
        return length;
    }

    /**
     * Returns how many tokens the prompt had.
     *
     * @return at least 1
     */
    public int promptLength() {
        return promptLength;
    }

    /**
     * Returns whether it has all tokens that it was to have, or its listener has enough.
     *
     * @return whether no more come
     */
    public boolean hasEnded() {
        return ended;
    }

    Sampler sampler() {
        return sampler;
    }

    /** Returns a number in [0, 1) that chooses a token, the next one or one further ahead. */
    double chance(int ahead) {
        int place = length - promptLength + ahead;
        return new SplittableRandom(seed + place * NEXT).nextDouble();
    }

    void append(long token) {
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * length);
        }
        tokens[length++] = token;
        ended = !listener.test((int) token) || length - promptLength == maxNewTokens;
    }

    long last() {
        return tokens[length - 1];
    }

    /** Writes all tokens, some more, and the last one again for what is left of some places. */
    void write(long[] into, int from, int places, int... more) {
        System.arraycopy(tokens, 0, into, from, length);
        int end = from + length;
        for (int token : more) {
            into[end++] = token;
        }
        Arrays.fill(into, end, from + places, into[end - 1]);
    }

    /** Returns whether the window no longer starts where the model saw it start. */
    boolean hasMoved(ContextWindow window) {
        return start != window.start(length);
    }

    /** Returns how many tokens of the prompt the model had seen before. */
    int promptCached() {
        return promptCached;
    }

    /** Returns the first tokens of those that the model has seen. */
    long[] seen(int count) {
        return Arrays.copyOfRange(tokens, start, start + count);
    }

    /** Notes that some of the tokens that the model is to see are in its cache. */
    void cached(int count) {
        promptCached = length == promptLength ? count : promptCached;
    }

    /** Returns the tokens that the model is to see anew. */
    long[] slide(ContextWindow window) {
        start = window.start(length);
        return Arrays.copyOfRange(tokens, start, length);
    }
}
