package org.djlgpt.generation;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The pieces of a text, each made when it is asked for. */
final class TextIterator implements Iterator<String> {

    private final Decoding decoding;
    private final Predicate<TextRow> goesOn;
    private final Queue<String> pieces = new ArrayDeque<>();
    private final TextRow row;

    TextIterator(
            Decoding decoding,
            Function<Consumer<String>, TextRow> newRow,
            Predicate<TextRow> goesOn) {
        this.decoding = decoding;
        this.goesOn = goesOn;
        row = newRow.apply(pieces::add);
    }

    Stream<String> stream() {
        int traits = Spliterator.ORDERED | Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(this, traits), false)
                .onClose(decoding::close);
    }

    @Override
    public boolean hasNext() {
        while (pieces.isEmpty() && !row.ended()) {
            if (goesOn.test(row) && !Thread.currentThread().isInterrupted()) {
                row.accept(decoding.next()[0]);
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
}
