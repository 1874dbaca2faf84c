package org.djlgpt.generation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.decoder.GptCache;
import org.djlgpt.decoder.GptDecoder;

import java.util.List;
import java.util.stream.LongStream;

/**
 * Sequences on their way, the one loop of this package: each call of {@link #next()} makes all of
 * them one token longer. The model sees what it has not seen yet, the rest lies in a key/value
 * cache. Whoever wants one text only, or its pieces as they come, has a batch of one.
 *
 * <p>A sequence that outgrows the model's context is seen through a window: all tokens as long as
 * they fit, then between three quarters of a context and a whole one. The window's start moves by a
 * quarter at a time, because every token gets another position then and has to be computed again.
 * What a sequence is continued with does not depend on the others in the batch.
 *
 * <p>It belongs to one thread; others may use the same decoder meanwhile.
 */
public final class Decoding implements AutoCloseable {

    private final GptDecoder decoder;
    private final Sampler sampler;
    private final ContextWindow window;
    private final NDManager manager;
    private final GptCache cache;
    private final List<TokenRow> rows;

    Decoding(GptDecoder decoder, NDManager parent, Sampler sampler, List<TokenRow> rows) {
        this.decoder = decoder;
        this.sampler = sampler;
        window = new ContextWindow(decoder.config().contextLength());
        this.rows = rows;
        manager = parent.newSubManager();
        cache = decoder.newCache(manager, rows.size());
    }

    void run() {
        while (goesOn()) {
            next();
        }
    }

    /** Returns whether a sequence has not ended, and nobody has interrupted the thread. */
    boolean goesOn() {
        return !rows.stream().allMatch(TokenRow::ended) && !Thread.currentThread().isInterrupted();
    }

    /**
     * Chooses one more token for each sequence. One that has ended grows along unheard, so that the
     * random draws of the others stay the same.
     *
     * @return the new tokens, in the order of the prompts
     * @throws IllegalArgumentException if an id is outside the vocabulary, or the model's scores
     *     are not finite
     */
    public int[] next() {
        long[] chosen = choose();
        for (int row = 0; row < chosen.length; row++) {
            rows.get(row).append(chosen[row]);
        }
        return LongStream.of(chosen).mapToInt(token -> (int) token).toArray();
    }

    private long[] choose() {
        try (NDManager step = manager.newSubManager()) {
            NDArray logits = logits(step); // (B, V)
            requireFinite(logits);
            return sampler.sample(logits, seen(step)).toLongArray(); // (B, 1)
        }
    }

    private NDArray logits(NDManager step) {
        if (rows.stream().anyMatch(row -> row.hasMoved(window))) {
            List<long[]> windows = rows.stream().map(row -> row.slide(window)).toList();
            int longest = windows.stream().mapToInt(tokens -> tokens.length).max().orElseThrow();
            cache.reset(windows.stream().mapToInt(tokens -> longest - tokens.length).toArray());
            return decoder.next(padded(windows, longest, step), cache);
        }
        long[] last = rows.stream().mapToLong(TokenRow::last).toArray();
        return decoder.next(step.create(last, new Shape(last.length, 1)), cache);
    }

    private static NDArray padded(List<long[]> windows, int length, NDManager manager) {
        long[] tokens = new long[windows.size() * length];
        for (int row = 0; row < windows.size(); row++) {
            long[] window = windows.get(row);
            int from = (row + 1) * length - window.length;
            System.arraycopy(window, 0, tokens, from, window.length);
        }
        return manager.create(tokens, new Shape(windows.size(), length)); // (B, T)
    }

    /** The tokens of each sequence; the shorter ones are filled up with their last token. */
    private NDArray seen(NDManager step) {
        int longest = rows.stream().mapToInt(TokenRow::length).max().orElseThrow();
        long[] seen = new long[rows.size() * longest];
        for (int row = 0; row < rows.size(); row++) {
            rows.get(row).write(seen, row * longest, longest);
        }
        return step.create(seen, new Shape(rows.size(), longest)); // (B, N)
    }

    private static void requireFinite(NDArray logits) {
        float highest = logits.max().getFloat();
        if (!Float.isFinite(highest)) {
            throw new IllegalArgumentException(
                    ("the model's highest score is %s, but must be finite; its weights are"
                                    + " damaged, load or train it again")
                            .formatted(highest));
        }
    }

    /**
     * Returns a sequence.
     *
     * @param row its number, from 0
     * @return the tokens of the prompt and those chosen since
     */
    public int[] tokens(int row) {
        return rows.get(row).tokens();
    }

    /** Frees the cache. */
    @Override
    public void close() {
        manager.close();
    }
}
