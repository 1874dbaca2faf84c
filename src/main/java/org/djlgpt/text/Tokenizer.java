package org.djlgpt.text;

import org.djlgpt.io.AtomicFolder;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Turns text into token ids and back.
 *
 * <p>Ids run from 0 to {@link #vocabSize} - 1. Whatever {@link #encode} accepts, {@link #decode}
 * restores exactly, unless the files of a model say that text is changed first, see {@link
 * PretrainedTokenizer}. Implementations are immutable and may be shared between threads.
 */
public interface Tokenizer {

    /**
     * Returns the number of ids.
     *
     * @return the size of the vocabulary, at least 1
     */
    int vocabSize();

    /**
     * Returns the id that separates documents and tells a generator to stop.
     *
     * @return the id, or empty if there is none
     */
    OptionalInt endOfText();

    /**
     * Returns the ids of a text, in which nothing is special: a stranger who writes {@code
     * <|endoftext|>} has written letters.
     *
     * @param text the text, empty for no ids
     * @return the ids, in the order of the text
     * @throws IllegalArgumentException if the text holds an unpaired surrogate, which no Unicode
     *     text does, or something that this tokenizer has no id for
     */
    int[] encode(String text);

    /**
     * Returns the ids of a text in which special tokens, such as the one that ends a document, are
     * written out. It is for text that the caller has put together; never for a stranger's.
     *
     * @param text the text, empty for no ids
     * @return the ids, in the order of the text; a special token has one
     * @throws IllegalArgumentException as {@link #encode}
     */
    default int[] encodeWithSpecialTokens(String text) {
        return encode(text);
    }

    /**
     * Tells whether a text may be cut between two neighbours: whether, wherever they stand in
     * whatever text, the ids of the part that ends with the first and those of the part that begins
     * with the second are together the ids of the whole, and neither special tokens nor others are
     * cut in two. Long texts are encoded in such parts, on several threads.
     *
     * @param before a character, as a code point
     * @param after the character that follows it
     * @return whether the ids stay the same; by default false, so that each document is encoded as
     *     a whole, in memory
     */
    default boolean maySplit(int before, int after) {
        return false;
    }

    /**
     * Returns the special tokens as they are spelt in a text: what {@link #encode} takes for
     * letters, and {@link #encodeWithSpecialTokens} does not.
     *
     * @return their texts, by default none
     */
    default Set<String> specialTokens() {
        return Set.of();
    }

    /**
     * Makes a tokenizer that knows further special tokens, such as those of a chat template. The
     * model needs as many ids, see {@code GptModel.withVocabSize}.
     *
     * @param tokens the new tokens, which get the ids that follow the others
     * @return the tokenizer; of a text that spells none of them it makes the same ids
     * @throws IllegalArgumentException if there are none, one is empty, no Unicode text or in the
     *     vocabulary already, or this tokenizer takes none, as by default
     */
    default Tokenizer withSpecialTokens(List<String> tokens) {
        throw new IllegalArgumentException(
                "a %s takes no special tokens; use one of byte pairs"
                        .formatted(getClass().getSimpleName()));
    }

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
     * Writes this tokenizer into a model folder, where {@link #load} finds it.
     *
     * @param directory the folder, created if it is missing; files of an earlier tokenizer of the
     *     same kind are replaced
     * @throws IOException if the folder can't be written
     */
    void save(Path directory) throws IOException;

    /**
     * Tells which files of a model folder are a tokenizer's, of this library or another program,
     * and go when another tokenizer is saved there.
     *
     * @param name the name of a file
     * @return whether it belongs to a tokenizer
     */
    static boolean isPart(String name) {
        return Pattern.matches(
                "char_tokenizer\\.json|vocab\\.json|merges\\.txt|tokenizer(_config)?\\.json"
                        + "|(special_tokens_map|added_tokens)\\.json"
                        + "|tokenizer\\.model|chat_template\\.jinja",
                name);
    }

    /**
     * Opens the tokenizer of a model folder: a {@link CharTokenizer}, a {@link Gpt2Tokenizer} where
     * {@code vocab.json} and {@code merges.txt} are all that counts, or else a {@link
     * PretrainedTokenizer}.
     *
     * @param directory a folder that {@link #save} wrote to, or one with {@code tokenizer.json},
     *     with {@code vocab.json} and {@code merges.txt} of GPT-2's kind, or with nothing but
     *     nanoGPT's {@code meta.pkl}, which lists characters and is read, not executed
     * @return the tokenizer
     * @throws IllegalArgumentException if the folder holds no tokenizer, two of them, a part of
     *     one, or a malformed one, or if a library is missing that it needs
     * @throws IOException if a file can't be read
     */
    static Tokenizer load(Path directory) throws IOException {
        return find(directory)
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "folder "
                                                + directory.toAbsolutePath()
                                                + " holds no tokenizer; expected "
                                                + TokenizerJson.FILE
                                                + ", "
                                                + CharTokenizer.FILE
                                                + ", or vocab.json and merges.txt"));
    }

    /**
     * Opens the tokenizer of a model folder, if it has one.
     *
     * @param directory as for {@link #load}
     * @return the tokenizer, or empty if the folder holds no file of one
     * @throws IllegalArgumentException as {@link #load}, but for a folder without a tokenizer
     * @throws IOException if a file can't be read
     */
    static Optional<Tokenizer> find(Path directory) throws IOException {
        AtomicFolder.settle(directory);
        boolean characters = Files.exists(directory.resolve(CharTokenizer.FILE));
        boolean json = Files.exists(directory.resolve(TokenizerJson.FILE));
        boolean pairs =
                Files.exists(directory.resolve(Gpt2Files.VOCABULARY))
                        || Files.exists(directory.resolve(Gpt2Files.MERGES));
        String folder = "folder " + directory.toAbsolutePath();
        if (!Files.isDirectory(directory)) {
            throw new IllegalArgumentException(
                    folder + " does not exist or is a file; give the folder of a model");
        }
        if (characters && (json || pairs)) {
            throw new IllegalArgumentException(
                    folder
                            + " holds two tokenizers; delete "
                            + CharTokenizer.FILE
                            + ", or else tokenizer.json, vocab.json and merges.txt");
        }
        if (characters) {
            return Optional.of(CharTokenizer.load(directory));
        }
        if (json && !(pairs && Gpt2Files.sayAll(directory))) {
            return Optional.of(PretrainedTokenizer.load(directory));
        }
        if (pairs) {
            return Optional.of(Gpt2Tokenizer.load(directory));
        }
        Path pickle = directory.resolve(CharacterPickle.FILE);
        return Files.exists(pickle)
                ? Optional.of(CharTokenizer.fromVocabulary(CharacterPickle.read(pickle)))
                : Optional.empty();
    }
}
