package org.djlgpt.text;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * GPT-2's byte-pair encoding: 50,257 ids, of which the last, 50256, is {@code <|endoftext|>}.
 *
 * <p>Every Unicode text has ids, since each byte has one. The first instance of a process reads the
 * vocabulary in about a quarter of a second; further ones share it.
 *
 * <p>Source: Radford et al., Language Models are Unsupervised Multitask Learners, 2019, section
 * 2.2.
 */
public final class Gpt2Tokenizer implements Tokenizer {

    /** The file of tokens and ids in a model folder. */
    static final String VOCAB_FILE = "vocab.json";

    /** The file of merges in a model folder. */
    static final String MERGES_FILE = "merges.txt";

    private static final String END_OF_TEXT = "<|endoftext|>";
    private static final int END_OF_TEXT_ID = 50256;
    private static final int VOCAB_SIZE = END_OF_TEXT_ID + 1;

    private final Encoding encoding = Shared.ENCODING;

    /** Makes the tokenizer. */
    public Gpt2Tokenizer() {
        // Nothing to set: there is one GPT-2 vocabulary.
    }

    /** Defers reading the vocabulary to the first use, and shares it. */
    private static final class Shared {
        static final Encoding ENCODING =
                Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
    }

    /**
     * Opens the tokenizer of a model folder after checking that it is GPT-2's.
     *
     * @param directory a folder with {@code vocab.json} and {@code merges.txt}
     * @return the tokenizer
     * @throws IllegalArgumentException if a file is missing or malformed, or differs from GPT-2's,
     *     naming the first difference
     * @throws IOException if a file can't be read
     */
    public static Gpt2Tokenizer load(Path directory) throws IOException {
        Gpt2Tokenizer tokenizer = new Gpt2Tokenizer();
        Gpt2Vocabulary vocabulary = tokenizer.vocabulary();
        Gpt2Files.requireVocab(directory.resolve(VOCAB_FILE), withEndOfText(vocabulary.tokens()));
        Gpt2Files.requireMerges(directory.resolve(MERGES_FILE), vocabulary.merges());
        return tokenizer;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Wherever the text holds {@code <|endoftext|>}, it becomes the one id 50256, as Hugging
     * Face's tokenizer does it.
     */
    @Override
    public int[] encode(String text) {
        TokenizerInput.requireText(text);
        IntArrayList ids = new IntArrayList();
        int from = 0;
        for (int end = text.indexOf(END_OF_TEXT); end >= 0; end = text.indexOf(END_OF_TEXT, from)) {
            addOrdinary(text.substring(from, end), ids);
            ids.add(END_OF_TEXT_ID);
            from = end + END_OF_TEXT.length();
        }
        addOrdinary(text.substring(from), ids);
        return ids.toArray();
    }

    private void addOrdinary(String text, IntArrayList ids) {
        IntArrayList ordinary = encoding.encodeOrdinary(text);
        for (int i = 0; i < ordinary.size(); i++) {
            ids.add(ordinary.get(i));
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>The id 50256 stands for the text {@code <|endoftext|>}.
     */
    @Override
    public byte[] decodeBytes(int... ids) {
        IntArrayList list = new IntArrayList(ids.length);
        for (int id : ids) {
            TokenizerInput.requireId(id, VOCAB_SIZE);
            list.add(id);
        }
        return encoding.decodeBytes(list);
    }

    /**
     * {@inheritDoc}
     *
     * @return 50257
     */
    @Override
    public int vocabSize() {
        return VOCAB_SIZE;
    }

    /**
     * {@inheritDoc}
     *
     * @return 50256
     */
    @Override
    public OptionalInt endOfText() {
        return OptionalInt.of(END_OF_TEXT_ID);
    }

    /**
     * {@inheritDoc}
     *
     * <p>The files are {@code vocab.json} and {@code merges.txt}, which Hugging Face's {@code
     * GPT2Tokenizer} reads.
     */
    @Override
    public void save(Path directory) throws IOException {
        Gpt2Vocabulary vocabulary = vocabulary();
        Files.createDirectories(directory);
        Gpt2Files.writeVocab(directory.resolve(VOCAB_FILE), withEndOfText(vocabulary.tokens()));
        Gpt2Files.writeMerges(directory.resolve(MERGES_FILE), vocabulary.merges());
    }

    private Gpt2Vocabulary vocabulary() {
        return new Gpt2Vocabulary(encoding, END_OF_TEXT_ID);
    }

    private static List<String> withEndOfText(List<String> tokens) {
        List<String> all = new ArrayList<>(tokens);
        all.add(END_OF_TEXT);
        return all;
    }
}
