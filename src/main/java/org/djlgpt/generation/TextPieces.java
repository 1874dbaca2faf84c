package org.djlgpt.generation;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The pieces of the only text of a {@link Decoding}, each made when it is asked for. */
final class TextPieces implements Iterator<String>, AutoCloseable {

    private final Decoding decoding;
    private final TextRow text;

    TextPieces(Decoding decoding, TextRow text) {
        this.decoding = decoding;
        this.text = text;
    }

    @Override
    public boolean hasNext() {
        while (text.pieces().isEmpty() && !text.ended()) {
            if (decoding.goesOn()) {
                decoding.next();
            } else {
                text.finish();
            }
        }
        if (text.ended()) {
            decoding.close();
        }
        return !text.pieces().isEmpty();
    }

    @Override
    public String next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return text.pieces().remove();
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
