package org.djlgpt.text;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Where documents come from, as UTF-8, one after the other; may be opened again and again. */
interface TextSource {

    /** Returns what a person calls it. */
    String name();

    /**
     * Opens the documents.
     *
     * @throws UnreadableTextException if there is no text to be had
     * @throws IOException if it can't be read
     */
    Documents open() throws IOException;

    /** The documents of a source, or of several. */
    interface Documents extends Closeable {

        /** Opens the next document, which ends the one before; returns null after the last. */
        InputStream next() throws IOException;
    }

    /** Says in a few words why a source is no text, such as "is not UTF-8". */
    final class UnreadableTextException extends IllegalArgumentException {

        private static final long serialVersionUID = 1L;

        UnreadableTextException(String reason) {
            super(reason);
        }
    }

    /** A document in memory. */
    record InMemory(String name, String text) implements TextSource {

        @Override
        public Documents open() {
            TokenizerInput.requireText(text);
            InputStream[] rest = {new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))};
            return new Documents() {
                @Override
                public InputStream next() {
                    InputStream next = rest[0];
                    rest[0] = null;
                    return next;
                }

                @Override
                public void close() {}
            };
        }
    }
}
