package org.djlgpt.generation;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The pieces of a text, each made when it is asked for. */
final class TextPieces implements Iterator<String>, AutoCloseable {

    private final Decoding decoding;
    private final int promptTokens;
    private final int maxNewTokens;
    private final Queue<String> pieces = new ArrayDeque<>();
    private final TextRow row;
    private final long begin = System.nanoTime();
    private long first = begin;

    TextPieces(
            Decoding decoding, int maxNewTokens, Function<Consumer<String>, TextRow> rowWriting) {
        this.decoding = decoding;
        this.maxNewTokens = maxNewTokens;
        promptTokens = decoding.tokens(0).length;
        row = rowWriting.apply(pieces::add);
    }

    @Override
    public boolean hasNext() {
        while (pieces.isEmpty() && !row.ended()) {
            if (row.tokens() < maxNewTokens && !Thread.currentThread().isInterrupted()) {
                int token = decoding.next()[0];
                first = row.tokens() == 0 ? System.nanoTime() : first;
                row.accept(token);
            } else {
                row.finish();
            }
        }
        if (row.ended()) {
            decoding.close();
        }
        return !pieces.isEmpty();
    }

    @Override
    public String next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return pieces.remove();
    }

    /** Returns what it took until now. */
    GenerationReport report() {
        double toFirst = (first - begin) / 1e9;
        double total = (System.nanoTime() - begin) / 1e9;
        return new GenerationReport(promptTokens, row.tokens(), toFirst, total);
    }

    /** Closing the stream closes this. */
    Stream<String> stream() {
        int traits = Spliterator.ORDERED | Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(this, traits), false)
                .onClose(this::close);
    }

    @Override
    public void close() {
        decoding.close();
    }
}
