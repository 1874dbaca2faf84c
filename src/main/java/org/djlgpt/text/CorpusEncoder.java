package org.djlgpt.text;

import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;
import org.djlgpt.nn.Checks;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.LongConsumer;

/**
 * Turns a corpus into ids, part after part, on several threads: as many texts as there are, in as
 * little memory as {@link Tokenizer#maySplit} allows. For files of tokens hand it to {@link
 * TokenFile#write(java.nio.file.Path, Iterable)}.
 *
 * <p>A tokenizer with an end-of-text id has it between the documents, as GPT-2 was trained; any
 * other encodes {@link Corpus#text()}. The ids are the same for every number of threads.
 */
public final class CorpusEncoder implements Iterable<int[]> {

    private final Corpus corpus;
    private final Tokenizer tokenizer;
    private final int numThreads;
    private final LongConsumer listener;
    private final int partBytes;
    private long specialTokens;

    private CorpusEncoder(Builder builder) {
        corpus = builder.corpus;
        tokenizer = builder.tokenizer;
        numThreads = builder.numThreads;
        listener = builder.listener;
        partBytes = builder.partBytes;
    }

    /**
     * Starts an encoder.
     *
     * @return a builder without corpus and tokenizer, which must be set
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Reads the corpus from its beginning.
     *
     * @return its ids, piece after piece. Asking for one throws an {@link IllegalArgumentException}
     *     if the tokenizer has no id for something in the text, or a file is no longer what it was,
     *     and an {@link UncheckedIOException} if it can't be read
     */
    @Override
    public Iterator<int[]> iterator() {
        specialTokens = 0;
        OptionalInt endOfText = tokenizer.endOfText();
        TextSource.Documents documents = corpus.open();
        TextParts parts =
                new TextParts(
                        endOfText.isPresent() ? documents : new JoinedDocuments(documents),
                        tokenizer::maySplit,
                        partBytes);
        SpecialTokens special = new SpecialTokens(tokenizer.specialTokens());
        Iterator<Encoded> encoded =
                new InOrder<>(parts, part -> encode(part, endOfText, special), numThreads);
        return new Iterator<>() {
            private long bytes;

            @Override
            public boolean hasNext() {
                return encoded.hasNext();
            }

            @Override
            public int[] next() {
                boolean isFirst = bytes == 0;
                Encoded next = encoded.next();
                bytes += next.bytes;
                specialTokens += next.specialTokens;
                listener.accept(bytes);
                return isFirst && endOfText.isPresent()
                        ? Arrays.copyOfRange(next.ids, 1, next.ids.length)
                        : next.ids;
            }
        };
    }

    /** What became of some parts: their ids, with the one that ends texts before each document. */
    private record Encoded(int[] ids, long bytes, long specialTokens) {}

    private Encoded encode(
            List<TextParts.Part> parts, OptionalInt endOfText, SpecialTokens special) {
        List<int[]> pieces = new ArrayList<>();
        long bytes = 0;
        long spelled = 0;
        for (TextParts.Part part : parts) {
            String text = text(part);
            if (endOfText.isPresent() && part.beginsDocument()) {
                pieces.add(new int[] {endOfText.getAsInt()});
            }
            pieces.add(encode(text, part.offset()));
            bytes += part.utf8().length;
            spelled += special.count(text);
        }
        return new Encoded(joined(pieces), bytes, spelled);
    }

    private static int[] joined(List<int[]> pieces) {
        int[] all = new int[pieces.stream().mapToInt(ids -> ids.length).sum()];
        int size = 0;
        for (int[] ids : pieces) {
            System.arraycopy(ids, 0, all, size, ids.length);
            size += ids.length;
        }
        return all;
    }

    /** Returns the text of a part that was readable when the corpus was made. */
    static String text(TextParts.Part part) {
        try {
            return part.text();
        } catch (TextSource.UnreadableTextException e) {
            throw new IllegalArgumentException(
                    "a text has changed while it was read: it " + e.getMessage(), e);
        }
    }

    private int[] encode(String text, long offset) {
        try {
            return tokenizer.encode(text);
        } catch (IllegalArgumentException e) {
            throw offset == 0
                    ? e
                    : new IllegalArgumentException(
                            "from byte %d on: %s".formatted(offset, e.getMessage()), e);
        }
    }

    /**
     * Reads the corpus and keeps its ids.
     *
     * @return the tokens, in memory
     * @throws IllegalArgumentException as {@link #iterator}
     * @throws UncheckedIOException as {@link #iterator}
     */
    public Tokens tokens() {
        List<int[]> pieces = new ArrayList<>();
        forEach(pieces::add);
        return Tokens.of(joined(pieces));
    }

    /**
     * Returns how many places of what was read last spell a special token. They were taken for
     * letters.
     *
     * @return their number
     */
    public long specialTokens() {
        return specialTokens;
    }

    /** Builds {@link CorpusEncoder}. */
    public static final class Builder {

        private Corpus corpus;
        private Tokenizer tokenizer;
        private int numThreads = Runtime.getRuntime().availableProcessors();
        private LongConsumer listener = bytes -> {};
        private int partBytes = TextParts.PART_BYTES;

        private Builder() {}

        /**
         * Sets the texts.
         *
         * @param corpus the texts
         * @return this builder
         */
        public Builder setCorpus(Corpus corpus) {
            this.corpus = corpus;
            return this;
        }

        /**
         * Sets what makes ids of them.
         *
         * @param tokenizer the tokenizer, which threads share
         * @return this builder
         */
        public Builder setTokenizer(Tokenizer tokenizer) {
            this.tokenizer = tokenizer;
            return this;
        }

        /**
         * Sets how many threads encode.
         *
         * @param numThreads 1 to 1024, 1 for the caller's; by default one for each processor
         * @return this builder
         * @throws IllegalArgumentException for another number
         */
        public Builder optThreads(int numThreads) {
            this.numThreads = Checks.requireThreads(numThreads);
            return this;
        }

        /**
         * Sets who hears how far it is.
         *
         * @param listener takes the bytes of text that have become ids, of those in {@link
         *     Corpus#bytes}; called on the thread that asks for ids
         * @return this builder
         */
        public Builder optListener(LongConsumer listener) {
            this.listener = listener;
            return this;
        }

        /** Sets the size of a part. */
        Builder optPartBytes(int partBytes) {
            this.partBytes = partBytes;
            return this;
        }

        /**
         * Builds the encoder.
         *
         * @return the encoder
         * @throws IllegalArgumentException if corpus or tokenizer are not set
         */
        public CorpusEncoder build() {
            if (corpus == null || tokenizer == null) {
                throw new IllegalArgumentException(
                        "corpus or tokenizer are not set; call setCorpus and setTokenizer");
            }
            return new CorpusEncoder(this);
        }
    }
}
