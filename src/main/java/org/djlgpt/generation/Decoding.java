package org.djlgpt.generation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.decoder.GptCache;
import org.djlgpt.decoder.GptDecoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Sequences on their way, the one loop of this package: each call of {@link #next()} makes all of
 * them longer. The model sees what it has not seen yet, the rest lies in a key/value cache. Whoever
 * wants one text only, or its pieces as they come, has a batch of one.
 *
 * <p>A sequence that follows another one, each alone, shares with it what both begin with: that is
 * not read again.
 *
 * <p>Sequences come and go ({@link #add}, {@link #remove}) while the others go on: one that has
 * ended leaves by itself, and what takes its place has its prompt read by itself. What a sequence
 * is continued with does not depend on the others, also where chance plays a part.
 *
 * <p>A sequence that outgrows the model's context is seen through a window: all tokens as long as
 * they fit, then between three quarters of a context and a whole one. The window's start moves by a
 * quarter at a time, because every token gets another position then and has to be computed again.
 *
 * <p>It belongs to one thread; others may use the same decoder meanwhile.
 */
public final class Decoding implements AutoCloseable {

    /** How much longer than its longest sequence a cache may be until padding is taken out. */
    private static final double MOST_PADDING = 1.5;

    private final GptDecoder decoder;
    private final int vocabSize;
    private final Speculation speculation;
    private final ContextWindow window;
    private final NDManager manager;
    private final List<TokenSequence> running = new ArrayList<>();
    private List<TokenSequence> cached = List.of(); // in the order of the cache's rows
    private GptCache cache;

    /**
     * Starts without a sequence.
     *
     * @param vocabSize how many ids may be chosen
     * @param speculation guesses for a sequence that is alone
     */
    Decoding(GptDecoder decoder, NDManager parent, int vocabSize, Speculation speculation) {
        this.decoder = decoder;
        this.vocabSize = vocabSize;
        this.speculation = speculation;
        window = new ContextWindow(decoder.config().contextLength());
        manager = parent.newSubManager();
    }

    /**
     * Adds a sequence, which takes part from the next step on.
     *
     * @param sequence one that is not here yet
     */
    public void add(TokenSequence sequence) {
        running.add(sequence);
    }

    /**
     * Takes a sequence out.
     *
     * @param sequence one that was added; nothing happens if it has left
     */
    public void remove(TokenSequence sequence) {
        running.remove(sequence);
    }

    /**
     * Returns the sequences on their way.
     *
     * @return those that have not ended, in the order in which they were added
     */
    public List<TokenSequence> running() {
        running.removeIf(TokenSequence::hasEnded);
        return List.copyOf(running);
    }

    /** Goes on until all sequences have ended, or somebody interrupts the thread. */
    void run() {
        while (goesOn()) {
            next();
        }
    }

    boolean goesOn() {
        return !running().isEmpty() && !Thread.currentThread().isInterrupted();
    }

    /**
     * Chooses one more token for each sequence, or several for one that is alone and whose next
     * ones were guessed. Without a sequence nothing happens.
     *
     * @throws IllegalArgumentException if an id is outside the vocabulary, or the model's scores
     *     are not finite
     */
    public void next() {
        List<TokenSequence> sequences = running();
        try (NDManager step = manager.newSubManager()) {
            if (sequences.size() == 1 && cached.size() <= 1) {
                advance(sequences.get(0), step);
            } else {
                advance(sequences, step);
            }
        }
    }

    private boolean isKept(TokenSequence sequence) {
        return running.contains(sequence) && !sequence.hasEnded() && !sequence.hasMoved(window);
    }

    /**
     * Reads what a sequence that is alone has not seen yet, with a guess of what follows, and takes
     * as much of that as would be chosen.
     */
    private void advance(TokenSequence sequence, NDManager step) {
        long begin = System.nanoTime();
        long[] unread = readOn(sequence);
        int before = cache.length() + unread.length;
        int[] guess = known(speculation.guess(sequence, cache.contextLength() - before));
        int count = guess.length + 1;
        long[] tokens = Arrays.copyOf(unread, unread.length + guess.length);
        for (int i = 0; i < guess.length; i++) {
            tokens[unread.length + i] = guess[i];
        }
        NDArray ids = step.create(tokens, new Shape(1, tokens.length));
        NDArray logits = decoder.nextOfLast(count, ids, cache).squeeze(0); // (count, V)
        NDArray seen = seen(Collections.nCopies(count, sequence), guess, step);
        double[] chances = IntStream.range(0, count).mapToDouble(sequence::chance).toArray();
        long[] chosen = sample(sequence.sampler(), logits, seen, chances);
        int taken = 0;
        boolean right;
        do {
            sequence.append(chosen[taken]);
            right = taken < guess.length && chosen[taken] == guess[taken];
            taken++;
        } while (right && !sequence.hasEnded());
        cache.truncate(before + taken - 1);
        double seconds = (System.nanoTime() - begin) / 1e9;
        speculation.passed(unread.length, guess.length, taken, seconds);
    }

    private void advance(List<TokenSequence> sequences, NDManager step) {
        List<TokenSequence> kept = cached.stream().filter(this::isKept).toList();
        List<TokenSequence> unread = new ArrayList<>(sequences);
        unread.removeAll(kept);
        if (!kept.isEmpty()) {
            makeRoom(kept, unread.size());
            long[] last = cached.stream().mapToLong(TokenSequence::last).toArray();
            NDArray logits = decoder.next(step.create(last, new Shape(last.length, 1)), cache);
            choose(kept, rows(logits, rowsOf(kept), step), step);
        }
        if (!unread.isEmpty()) {
            choose(unread, read(kept, unread, step), step);
        }
    }

    /**
     * Sequences that have left stay in the cache as long as they are few and it is not full: to
     * leave them out copies it, and others may take their places.
     */
    private void makeRoom(List<TokenSequence> kept, int others) {
        boolean full = cache.length() == cache.contextLength();
        if (full || 2 * (kept.size() + others) <= cached.size()) {
            cache.join(rowsOf(kept), null);
            cached = kept;
        }
    }

    private int[] rowsOf(List<TokenSequence> kept) {
        return kept.stream().mapToInt(cached::indexOf).toArray();
    }

    /** Reads what the model has to see anew into the cache, beside what is kept there. */
    private NDArray read(List<TokenSequence> kept, List<TokenSequence> unread, NDManager step) {
        List<long[]> windows = unread.stream().map(sequence -> sequence.slide(window)).toList();
        int longest = windows.stream().mapToInt(tokens -> tokens.length).max().orElseThrow();
        int[] padding = windows.stream().mapToInt(tokens -> longest - tokens.length).toArray();
        boolean replaced = kept.isEmpty() && cached.size() == unread.size();
        GptCache read = replaced ? cache : decoder.newCache(manager, unread.size());
        read.reset(padding);
        NDArray logits = decoder.next(padded(windows, longest, step), read); // (B, V)
        if (!kept.isEmpty()) {
            put(unread, read, kept);
            read.close();
            return logits;
        }
        if (!replaced) {
            if (cache != null) {
                cache.close();
            }
            cache = read;
        }
        cached = List.copyOf(unread);
        return logits;
    }

    /**
     * Puts sequences in the places of those that have left, or where these do not do beside the
     * others, which copies all: places are too few, or so much of the cache is padding that to read
     * it costs more.
     */
    private void put(List<TokenSequence> unread, GptCache read, List<TokenSequence> kept) {
        int[] rows = rowsOf(kept);
        int[] free =
                IntStream.range(0, cached.size())
                        .filter(row -> !kept.contains(cached.get(row)))
                        .limit(unread.size())
                        .toArray();
        int needed = Math.max(read.length(), cache.longest(rows));
        boolean fits = free.length == unread.size() && read.length() <= cache.length();
        if (fits && cache.length() <= MOST_PADDING * needed) {
            cache.replace(free, read);
            List<TokenSequence> all = new ArrayList<>(cached);
            for (int i = 0; i < free.length; i++) {
                all.set(free[i], unread.get(i));
            }
            cached = List.copyOf(all);
        } else {
            cache.join(rows, read);
            cached = Stream.concat(kept.stream(), unread.stream()).toList();
        }
    }

    /** Returns a guess up to where it leaves the vocabulary. */
    private int[] known(int... guess) {
        return IntStream.of(guess).takeWhile(id -> id >= 0 && id < vocabSize).toArray();
    }

    /**
     * Puts a sequence in the place of the one that is alone in the cache, itself or another. What
     * the cache holds of its window stays: all but the last token as long as the window does not
     * move, and all of a conversation when it goes on.
     *
     * @return the tokens of the window that the model has not seen, at least one
     */
    private long[] readOn(TokenSequence sequence) {
        if (cached.isEmpty()) {
            cache = decoder.newCache(manager, 1);
        }
        long[] seen = cached.isEmpty() ? new long[0] : cached.get(0).seen(cache.length());
        long[] tokens = sequence.slide(window);
        int same = Arrays.mismatch(seen, tokens);
        int kept = Math.min(same < 0 ? tokens.length : same, tokens.length - 1);
        cache.truncate(kept);
        sequence.cached(kept);
        cached = List.of(sequence);
        return Arrays.copyOfRange(tokens, kept, tokens.length);
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

    /** Appends a token to each sequence; those with the same sampler are one batch for it. */
    private void choose(List<TokenSequence> sequences, NDArray logits, NDManager step) {
        Map<Sampler, List<TokenSequence>> bySampler = new IdentityHashMap<>();
        for (TokenSequence sequence : sequences) {
            bySampler.computeIfAbsent(sequence.sampler(), s -> new ArrayList<>()).add(sequence);
        }
        bySampler.forEach(
                (sampler, some) -> {
                    int[] rows = some.stream().mapToInt(sequences::indexOf).toArray();
                    NDArray scores = rows(logits, rows, step); // (b, V)
                    double[] chances = some.stream().mapToDouble(s -> s.chance(0)).toArray();
                    NDArray seen = seen(some, new int[0], step);
                    long[] chosen = sample(sampler, scores, seen, chances);
                    for (int i = 0; i < chosen.length; i++) {
                        some.get(i).append(chosen[i]);
                    }
                });
    }

    /**
     * Some rows of logits (B, V), or the logits themselves if that is all of them in their order.
     */
    private static NDArray rows(NDArray logits, int[] rows, NDManager step) {
        int[] all = IntStream.range(0, (int) logits.getShape().get(0)).toArray();
        return Arrays.equals(rows, all) ? logits : logits.get(new NDIndex("{}", step.create(rows)));
    }

    private long[] sample(Sampler sampler, NDArray logits, NDArray seen, double... chances) {
        requireFinite(logits);
        boolean all = vocabSize == logits.getShape().get(1);
        NDArray scores = all ? logits : logits.get(":, :" + vocabSize);
        return sampler.sample(scores, seen, Draw.with(chances)).toLongArray();
    }

    /**
     * The tokens of each row's sequence (b, N), filled up with the last one; the second row may
     * know one token more, the third two, and so on.
     */
    private static NDArray seen(List<TokenSequence> rows, int[] more, NDManager step) {
        int longest = rows.stream().mapToInt(TokenSequence::length).max().orElseThrow();
        int places = longest + more.length;
        long[] seen = new long[rows.size() * places];
        for (int row = 0; row < rows.size(); row++) {
            int known = Math.min(row, more.length);
            rows.get(row).write(seen, row * places, places, Arrays.copyOf(more, known));
        }
        return step.create(seen, new Shape(rows.size(), places));
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

    /** Frees the cache. */
    @Override
    public void close() {
        manager.close();
    }
}
