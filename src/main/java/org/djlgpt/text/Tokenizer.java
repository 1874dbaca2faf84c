package org.djlgpt.text;

import org.djlgpt.io.AtomicFolder;
import org.djlgpt.model.ModelVocabulary;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Turns text into token ids and back.
 *
 * <p>Ids run from 0 to {@link #vocabSize} - 1. Whatever {@link #encode} accepts, {@link #decode}
 * restores exactly. Implementations are immutable and may be shared between threads.
 */
public interface Tokenizer extends ModelVocabulary {

    /**
     * Returns the ids of a text.
     *
     * @param text the text, empty for no ids
     * @return the ids, in the order of the text
     * @throws IllegalArgumentException if the text holds an unpaired surrogate, which no Unicode
     *     text does, or something that this tokenizer has no id for
     */
    int[] encode(String text);

    /**
     * Returns the UTF-8 bytes that ids stand for.
     *
     * <p>A token may hold a part of a character only. Whoever shows a text while it grows collects
     * these bytes and decodes them as far as they make whole characters.
     *
     * @param ids token ids
     * @return their bytes, one token after the other
     * @throws IllegalArgumentException if an id is outside the vocabulary
     */
    byte[] decodeBytes(int... ids);

    /**
     * Returns the text that ids stand for.
     *
     * @param ids token ids
     * @return their text; bytes that make no whole character, as a sequence cut inside one has
     *     them, become U+FFFD
     * @throws IllegalArgumentException if an id is outside the vocabulary
     */
    default String decode(int... ids) {
        return new String(decodeBytes(ids), StandardCharsets.UTF_8);
    }

    /**
     * {@inheritDoc}
     *
     * <p>{@link #load} finds it there.
     */
    @Override
    void save(Path directory) throws IOException;

    /**
     * Opens the tokenizer of a model folder: a {@link CharTokenizer} or a {@link Gpt2Tokenizer}.
     *
     * @param directory a folder that {@link #save} wrote to, or one with GPT-2's {@code vocab.json}
     *     and {@code merges.txt}
     * @return the tokenizer
     * @throws IllegalArgumentException if the folder holds no tokenizer, two of them, a part of
     *     one, or a malformed one
     * @throws IOException if a file can't be read
     */
    static Tokenizer load(Path directory) throws IOException {
        AtomicFolder.settle(directory);
        boolean characters = Files.exists(directory.resolve(CharTokenizer.FILE));
        boolean gpt2 =
                Files.exists(directory.resolve(Gpt2Tokenizer.VOCAB_FILE))
                        || Files.exists(directory.resolve(Gpt2Tokenizer.MERGES_FILE));
        String folder = "folder " + directory.toAbsolutePath();
        if (!Files.isDirectory(directory)) {
            throw new IllegalArgumentException(
                    folder + " does not exist or is a file; give the folder of a model");
        }
        if (characters && gpt2) {
            throw new IllegalArgumentException(
                    folder
                            + " holds two tokenizers; delete "
                            + CharTokenizer.FILE
                            + ", or else vocab.json and merges.txt");
        }
        if (characters) {
            return CharTokenizer.load(directory);
        }
        if (gpt2) {
            return Gpt2Tokenizer.load(directory);
        }
        throw new IllegalArgumentException(
                folder
                        + " holds no tokenizer; expected "
                        + CharTokenizer.FILE
                        + ", or vocab.json and merges.txt (tokenizer.json alone is not read)");
    }
}
