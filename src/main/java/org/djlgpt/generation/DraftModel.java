package org.djlgpt.generation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.decoder.GptCache;
import org.djlgpt.decoder.GptDecoder;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Guesses with a smaller model of the same tokenizer: what it finds likeliest. It keeps the keys
 * and values of the sequence that it saw last, so that of a longer one only the new tokens are
 * read. Threads wait for each other.
 */
public final class DraftModel implements Draft, AutoCloseable {

    private final GptDecoder decoder;
    private final ContextWindow window;
    private final NDManager manager;
    private final GptCache cache;
    private int[] read = {}; // what the cache holds

    /**
     * Makes a draft.
     *
     * @param decoder the smaller model, which stays the caller's
     * @param parent a manager on the device of the decoder; closing it closes the draft
     */
    public DraftModel(GptDecoder decoder, NDManager parent) {
        this.decoder = decoder;
        window = new ContextWindow(decoder.config().contextLength());
        manager = parent.newSubManager();
        cache = decoder.newCache(manager, 1);
    }

    /**
     * Guesses.
     *
     * @throws IllegalArgumentException if an id is outside the smaller model's vocabulary
     */
    @Override
    public synchronized int[] guess(int[] tokens, int most) {
        int count = Math.min(most, cache.contextLength() - 1);
        int start = window.start(tokens.length + count);
        int[] seen = Arrays.copyOfRange(tokens, start, tokens.length);
        int known = Arrays.mismatch(seen, read);
        known = Math.min(known < 0 ? seen.length : known, seen.length - 1);
        cache.truncate(known);
        read = Arrays.copyOf(seen, seen.length + count - 1);
        int[] next = Arrays.copyOfRange(seen, known, seen.length);
        int[] guess = new int[count];
        for (int i = 0; i < count; i++) {
            guess[i] = likeliest(next);
            next = new int[] {guess[i]};
        }
        System.arraycopy(guess, 0, read, seen.length, count - 1);
        return guess;
    }

    private int likeliest(int... next) {
        try (NDManager step = manager.newSubManager()) {
            long[] ids = IntStream.of(next).asLongStream().toArray();
            NDArray logits = decoder.next(step.create(ids, new Shape(1, ids.length)), cache);
            return (int) logits.argMax(-1).getLong();
        }
    }

    /** Frees the keys and values. */
    @Override
    public void close() {
        manager.close();
    }
}
