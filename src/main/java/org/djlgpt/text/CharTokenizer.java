package org.djlgpt.text;

import com.google.gson.stream.JsonWriter;

import org.djlgpt.io.AtomicFile;
import org.djlgpt.io.FileProblem;
import org.djlgpt.io.Json;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Set;

/**
 * One id per character: the vocabulary is what a text uses.
 *
 * <p>Characters are Unicode code points, so an emoji is one character. Ids follow the order of the
 * code points, as in nanoGPT's character-level Shakespeare data set. There is no end-of-text token.
 */
public final class CharTokenizer implements Tokenizer {

    /** The file that {@link #save} writes into a model folder. */
    static final String FILE = "char_tokenizer.json";

    private static final String TYPE = "char";
    private static final int VERSION = 1;

    /** Unicode has 1,114,112 code points; escaped, each takes twelve bytes at most. */
    private static final int MAX_BYTES = 20_000_000;

    private static final int UNKNOWN = -1;

    private final int[] characters;
    private final int[] ids; // by code point, up to the highest of the vocabulary
    private final boolean leavesOut;
    private final KeptFiles kept;

    /** Takes ownership of distinct code points; the id of each is its index. */
    private CharTokenizer(int[] characters, KeptFiles kept) {
        this.characters = characters;
        this.kept = kept;
        leavesOut = false;
        ids = new int[Arrays.stream(characters).max().getAsInt() + 1];
        Arrays.fill(ids, UNKNOWN);
        for (int id = 0; id < characters.length; id++) {
            ids[characters[id]] = id;
        }
    }

    /** Makes one with the same ids that leaves out other characters. */
    private CharTokenizer(CharTokenizer strict) {
        characters = strict.characters;
        kept = strict.kept;
        ids = strict.ids;
        leavesOut = true;
    }

    /**
     * Learns the vocabulary of a text: its distinct characters, sorted.
     *
     * @param text a text with every character that will ever be encoded
     * @return the tokenizer
     * @throws IllegalArgumentException if the text is empty or holds an unpaired surrogate
     */
    public static CharTokenizer fromText(String text) {
        TokenizerInput.requireText(text);
        return ofDistinct(text.codePoints().distinct().sorted().toArray(), KeptFiles.NONE);
    }

    /**
     * Learns the vocabulary of corpora, which may be larger than memory: their distinct characters,
     * sorted.
     *
     * @param corpora texts with every character that will ever be encoded, at least one
     * @return the tokenizer
     */
    public static CharTokenizer fromCorpus(Corpus... corpora) {
        return ofDistinct(
                Arrays.stream(corpora)
                        .flatMap(corpus -> corpus.characters().keySet().stream())
                        .mapToInt(Integer::intValue)
                        .distinct()
                        .sorted()
                        .toArray(),
                KeptFiles.NONE);
    }

    /**
     * Makes a tokenizer whose ids follow the order of the given characters.
     *
     * @throws IllegalArgumentException if there are none, one comes twice, or a surrogate is
     *     unpaired
     */
    static CharTokenizer fromVocabulary(String characters) {
        return fromVocabulary(characters, KeptFiles.NONE);
    }

    private static CharTokenizer fromVocabulary(String characters, KeptFiles kept) {
        TokenizerInput.requireText(characters);
        int[] codePoints = characters.codePoints().toArray();
        int[] sorted = codePoints.clone();
        Arrays.sort(sorted);
        for (int i = 1; i < sorted.length; i++) {
            if (sorted[i] == sorted[i - 1]) {
                throw new IllegalArgumentException(
                        "the vocabulary has the character "
                                + TokenizerInput.describe(sorted[i])
                                + " twice");
            }
        }
        return ofDistinct(codePoints, kept);
    }

    private static CharTokenizer ofDistinct(int[] characters, KeptFiles kept) {
        if (characters.length == 0) {
            throw new IllegalArgumentException(
                    "a vocabulary of 0 characters is too small; give a text with at least 1");
        }
        return new CharTokenizer(characters, kept);
    }

    /**
     * Opens the tokenizer that {@link #save} wrote.
     *
     * @param directory the model folder
     * @return the tokenizer
     * @throws IllegalArgumentException if {@code char_tokenizer.json} is missing or malformed
     * @throws IOException if the file can't be read
     */
    public static CharTokenizer load(Path directory) throws IOException {
        Path file = directory.resolve(FILE);
        FileProblem.requireReadable(file);
        Json json = Json.read(file, MAX_BYTES);
        if (!json.fields().keySet().equals(Set.of("type", "version", "characters"))
                || !json.require("type").string().equals(TYPE)
                || json.require("version").wholeNumber(Integer.MAX_VALUE) != VERSION) {
            throw json.malformed(
                    "is not the vocabulary of a character tokenizer: its fields are %s; expected"
                            + " type \"%s\", version %d and characters",
                    json.fields().keySet(), TYPE, VERSION);
        }
        try {
            return fromVocabulary(
                    json.require("characters").string(),
                    KeptFiles.read(directory, KeptFiles.CHAT_TEMPLATE::equals));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    file + " is not the vocabulary of a character tokenizer: " + e.getMessage(), e);
        }
    }

    /**
     * Tells whether a character has an id.
     *
     * @param character a code point
     * @return whether it is in the vocabulary
     */
    public boolean knows(int character) {
        return id(character) != UNKNOWN;
    }

    /**
     * Describes a character for a person, also one that can't be seen.
     *
     * @param character a code point
     * @return such as {@code 'a' (U+0061)} or {@code (U+000D)}
     */
    public static String describe(int character) {
        return TokenizerInput.describe(character);
    }

    /**
     * Returns a tokenizer with the same ids that leaves out what it doesn't know, such as the
     * carriage returns of a text from Windows, instead of refusing the text.
     *
     * @return the tokenizer, which {@link #save} writes as it does this one
     */
    public CharTokenizer leavingOutUnknown() {
        return new CharTokenizer(this);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the text holds an unpaired surrogate, or a character
     *     outside the vocabulary that is not to be left out, naming it and its index in the string
     */
    @Override
    public int[] encode(String text) {
        TokenizerInput.requireText(text);
        int[] found = new int[text.length()];
        int size = 0;
        int character;
        for (int i = 0; i < text.length(); i += Character.charCount(character)) {
            character = text.codePointAt(i);
            int id = id(character);
            if (id != UNKNOWN) {
                found[size++] = id;
            } else if (!leavesOut) {
                throw new IllegalArgumentException(
                        String.format(
                                "text has the character %s at index %d, which is not among the %d"
                                    + " of the vocabulary; leave it out, or learn the vocabulary"
                                    + " from a text that has it",
                                TokenizerInput.describe(character), i, vocabSize()));
            }
        }
        return Arrays.copyOf(found, size);
    }

    private int id(int character) {
        return character >= 0 && character < ids.length ? ids[character] : UNKNOWN;
    }

    /**
     * {@inheritDoc}
     *
     * @return true: each character has its id, wherever it stands
     */
    @Override
    public boolean maySplit(int before, int after) {
        return true;
    }

    @Override
    public byte[] decodeBytes(int... ids) {
        return decode(ids).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String decode(int... ids) {
        StringBuilder text = new StringBuilder(ids.length);
        for (int id : ids) {
            TokenizerInput.requireId(id, vocabSize());
            text.appendCodePoint(characters[id]);
        }
        return text.toString();
    }

    @Override
    public int vocabSize() {
        return characters.length;
    }

    /**
     * {@inheritDoc}
     *
     * @return empty: a character vocabulary has no such id
     */
    @Override
    public OptionalInt endOfText() {
        return OptionalInt.empty();
    }

    /**
     * {@inheritDoc}
     *
     * <p>The file is {@code char_tokenizer.json}: an object with {@code type} "char", {@code
     * version} 1 and {@code characters}, a string of all characters in the order of their ids.
     */
    @Override
    public void save(Path directory) throws IOException {
        Files.createDirectories(directory);
        AtomicFile.writeStream(
                directory.resolve(FILE),
                out -> {
                    JsonWriter json =
                            new JsonWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
                    json.setIndent("  ");
                    json.beginObject();
                    json.name("type").value(TYPE);
                    json.name("version").value(VERSION);
                    json.name("characters").value(characters());
                    json.endObject();
                    json.flush();
                });
        kept.write(directory);
    }

    /** Returns all characters in the order of their ids. */
    String characters() {
        return new String(characters, 0, characters.length);
    }
}
