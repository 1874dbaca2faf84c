package org.djlgpt.text;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.IllegalParameterException;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Learns a vocabulary from a corpus: byte-level byte-pair encoding, as GPT-2 has it.
 *
 * <p>The ids are those of the special tokens first, then those of the 256 bytes, then those of
 * tokens that are made of two others, in the order of learning. The same texts give the tokens and
 * ids that Hugging Face's {@code BpeTrainer} gives with a {@code ByteLevel} pre-tokenizer, {@code
 * ByteLevel.alphabet()} and the same special tokens, for every number of threads. Nothing is
 * special in the texts.
 *
 * <p>What is kept in memory grows with the different words of the corpus, not with its length:
 * about 200 bytes for each, half a million of them in 100 MB of mixed text. Their bytes must be
 * less than 2<sup>31</sup> together.
 *
 * <p>Source: Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with Subword
 * Units, 2016, section 3.2; Radford et al., Language Models are Unsupervised Multitask Learners,
 * 2019, section 2.2.
 */
public final class BytePairTrainer {

    private static final int NUM_BYTES = 256;
    private static final int MAX_VOCAB_SIZE = 1_000_000;

    /** Hears how far learning is, on the thread that learns. */
    public interface Listener {

        /**
         * Hears that words of the text were counted.
         *
         * @param bytes how many bytes of {@link Corpus#bytes} were read
         */
        default void onText(long bytes) {}

        /**
         * Hears that a token was learnt, or a further way to make one.
         *
         * @param vocabSize the number of ids there are now
         */
        default void onMerge(int vocabSize) {}
    }

    private final Corpus corpus;
    private final int vocabSize;
    private final int minFrequency;
    private final List<String> specialTokens;
    private final int numThreads;
    private final Listener listener;

    private BytePairTrainer(Builder builder) {
        corpus = builder.corpus;
        vocabSize = builder.vocabSize;
        minFrequency = builder.minFrequency;
        specialTokens = builder.specialTokens;
        numThreads = builder.numThreads;
        listener = builder.listener;
    }

    /**
     * Starts a trainer.
     *
     * @return a builder without corpus and vocabulary size, which must be set
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Reads the corpus and learns.
     *
     * @return the tokenizer, with fewer ids than asked for if no further pair comes often enough;
     *     its special tokens are those that were given, and the first of them ends a text
     * @throws IllegalArgumentException if a special token is spelled like a part of a word, a file
     *     is no longer what it was, or there are too many different words
     * @throws UncheckedIOException if a file can't be read
     */
    public Gpt2Tokenizer train() {
        List<String> tokens = new ArrayList<>(specialTokens);
        tokens.addAll(ByteAlphabet.inOrder());
        List<String> merges =
                new MergeLearner(tokens, WordCounts.of(corpus, numThreads, listener::onText))
                        .learn(vocabSize, minFrequency, listener::onMerge);
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        Map<String, Integer> special = new LinkedHashMap<>();
        for (String token : tokens) {
            if (special.size() < specialTokens.size()) {
                special.put(token, special.size());
            }
            vocabulary.put(token, vocabulary.size());
        }
        AddedTokens added = new AddedTokens(Map.of(), special, specialTokens.get(0));
        return Gpt2Tokenizer.of(
                new Gpt2Files(vocabulary, merges, added, KeptFiles.NONE), Path.of(""));
    }

    /** Builds {@link BytePairTrainer}. */
    public static final class Builder {

        private Corpus corpus;
        private int vocabSize;
        private int minFrequency = 2;
        private List<String> specialTokens = List.of(AddedTokens.END_OF_TEXT);
        private int numThreads = Runtime.getRuntime().availableProcessors();
        private Listener listener = new Listener() {};

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
         * Sets the number of ids.
         *
         * @param vocabSize how many ids there are at most, those of special tokens and bytes
         *     included
         * @return this builder
         */
        public Builder setVocabSize(int vocabSize) {
            this.vocabSize = vocabSize;
            return this;
        }

        /**
         * Sets how often a pair must come.
         *
         * @param minFrequency pairs that come more seldom are not merged; 2 by default
         * @return this builder
         */
        public Builder optMinFrequency(int minFrequency) {
            this.minFrequency = minFrequency;
            return this;
        }

        /**
         * Sets the special tokens.
         *
         * @param specialTokens at least one, the first of which ends a text; by default {@code
         *     <|endoftext|>} alone
         * @return this builder
         */
        public Builder optSpecialTokens(List<String> specialTokens) {
            this.specialTokens = List.copyOf(specialTokens);
            return this;
        }

        /**
         * Sets how many threads count words.
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
         * @param listener the listener
         * @return this builder
         */
        public Builder optListener(Listener listener) {
            this.listener = listener;
            return this;
        }

        /**
         * Builds the trainer.
         *
         * @return the trainer
         * @throws IllegalArgumentException if the corpus is not set, the size leaves no room for a
         *     merge or is above a million, the frequency is below 1, or a special token is empty,
         *     no Unicode text, one of GPT-2's letters for a byte, or given twice
         */
        public BytePairTrainer build() {
            if (corpus == null) {
                throw new IllegalArgumentException("corpus is not set; call setCorpus");
            }
            Checks.requirePositive("minFrequency", minFrequency);
            AddedTokens.requireNew(specialTokens, ByteAlphabet.inOrder());
            int least = specialTokens.size() + NUM_BYTES + 1;
            if (vocabSize < least || vocabSize > MAX_VOCAB_SIZE) {
                throw new IllegalParameterException(
                        "{vocabSize}=%d must be %d to %d: 256 bytes, %d special tokens and at least"
                                + " one that is learnt",
                        vocabSize, least, MAX_VOCAB_SIZE, specialTokens.size());
            }
            return new BytePairTrainer(this);
        }
    }
}
