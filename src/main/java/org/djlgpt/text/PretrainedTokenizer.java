package org.djlgpt.text;

import ai.djl.engine.Engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The tokenizer of a trained model, as its {@code tokenizer.json} describes it: byte-pair encoding
 * over bytes, which Llama 3, Qwen and SmolLM have, or over characters with a byte for what is none
 * of them, which Llama 2 and Mistral have.
 *
 * <p>Ids are those of Hugging Face's tokenizers, which it calls through DJL's artifact {@code
 * ai.djl.huggingface:tokenizers}; add that to the class path. A megabyte of text takes about a
 * second. Nothing is put before or after a text: neither a token that begins it nor one that ends
 * it.
 *
 * <p>{@link #decode} restores what {@link #encode} has accepted, unless the file says that text is
 * changed first: Qwen's normalizes it to NFC, and later ones of Mistral take a space at the
 * beginning for the one that they put there. Then it restores the changed text, as transformers
 * does. What {@link #decodeBytes} returns keeps the space that is put before a text, since the ids
 * may be those of a text that goes on.
 */
public final class PretrainedTokenizer implements Tokenizer {

    /** In chars; the library's regular expressions end the process at some ten times as many. */
    private static final int MAX_RUN = 1_000_000;

    private static final String ARTIFACT = "ai.djl.huggingface:tokenizers";

    private final TokenizerJson json;
    private final KeptFiles files;
    private final NativeEncoder encoder;
    private NativeEncoder encoderWithSpecialTokens; // made when it is asked for

    private PretrainedTokenizer(TokenizerJson json, KeptFiles files) {
        this.json = json;
        this.files = files;
        encoder = encoder(false);
    }

    /**
     * Opens the tokenizer of a model folder.
     *
     * @param directory a folder with {@code tokenizer.json}; what {@code tokenizer_config.json},
     *     {@code special_tokens_map.json} and {@code added_tokens.json} say of special tokens and
     *     of the end of a text is known as well
     * @return the tokenizer
     * @throws IllegalArgumentException if a file is missing or malformed, the files contradict each
     *     other, what they ask for is not supported, or {@code ai.djl.huggingface:tokenizers} is
     *     not on the class path
     * @throws IOException if a file can't be read
     */
    public static PretrainedTokenizer load(Path directory) throws IOException {
        return new PretrainedTokenizer(
                TokenizerJson.read(directory), KeptFiles.read(directory, Tokenizer::isPart));
    }

    private NativeEncoder encoder(boolean withSpecial) {
        try {
            return new NativeEncoder(json.encoder(withSpecial));
        } catch (NoClassDefFoundError e) {
            throw new IllegalArgumentException(
                    "%s needs a library that is not on the class path; add the artifact %s:%s"
                            .formatted(json.file(), ARTIFACT, Engine.getDjlVersion()),
                    e);
        } catch (IllegalArgumentException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(json.file() + ": " + e.getMessage(), e);
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>Tokens that were added to a vocabulary for parts of text are found wherever they are.
     *
     * @throws IllegalArgumentException if the text holds an unpaired surrogate, or a character that
     *     {@link #decode} would not restore: one that has no id, or U+2581 where that stands for a
     *     space; or if a word or white space in it is longer than a million characters
     */
    @Override
    public int[] encode(String text) {
        int[] ids = encode(text, encoder);
        if (json.isExact()) {
            requireRestored(text, decode(ids));
        }
        return ids;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Whether a special token takes the white space around it is the model's choice.
     */
    @Override
    public int[] encodeWithSpecialTokens(String text) {
        int[] ids = encode(text, withSpecialTokens());
        if (json.isExact()) {
            requireRestored(withoutSpace(text), withoutSpace(decode(ids)));
        }
        return ids;
    }

    private synchronized NativeEncoder withSpecialTokens() {
        if (encoderWithSpecialTokens == null) {
            encoderWithSpecialTokens = encoder(true);
        }
        return encoderWithSpecialTokens;
    }

    private int[] encode(String text, NativeEncoder encoder) {
        TokenizerInput.requireText(text);
        requireWords(text);
        try {
            return encoder.encode(text);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(
                    "%s can't encode the text: %s".formatted(json.file(), e.getMessage()), e);
        }
    }

    private static void requireWords(String text) {
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            if (Character.isWhitespace(text.charAt(i))
                    != Character.isWhitespace(text.charAt(start))) {
                start = i;
            }
            if (i - start >= MAX_RUN) {
                throw new IllegalArgumentException(
                        ("text has a run of more than %d characters from index %d on without a"
                                        + " change between words and white space; break it up")
                                .formatted(MAX_RUN, start));
            }
        }
    }

    /** Around special tokens some is taken, or added. */
    private static String withoutSpace(String text) {
        return text.replaceAll("\\s", "");
    }

    private static void requireRestored(String text, String restored) {
        if (restored.equals(text)) {
            return;
        }
        int[] characters = text.codePoints().toArray();
        int same = Arrays.mismatch(characters, restored.codePoints().toArray());
        int lost = characters[Math.min(same, characters.length - 1)];
        throw new IllegalArgumentException(
                "text has the character %s, which this tokenizer has no id for; leave it out"
                        .formatted(TokenizerInput.describe(lost)));
    }

    @Override
    public Set<String> specialTokens() {
        return json.added().special().keySet();
    }

    @Override
    public PretrainedTokenizer withSpecialTokens(List<String> tokens) {
        TokenizerJson more = json.withSpecial(tokens);
        return new PretrainedTokenizer(more, AddedTokensJson.add(files, more.added(), tokens));
    }

    /**
     * {@inheritDoc}
     *
     * <p>A special token stands for the text that it is written as.
     */
    @Override
    public byte[] decodeBytes(int... ids) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(4 * ids.length);
        for (int id : ids) {
            TokenizerInput.requireId(id, vocabSize());
            bytes.writeBytes(json.tokens()[id]);
        }
        return bytes.toByteArray();
    }

    /**
     * {@inheritDoc}
     *
     * <p>If this tokenizer puts a space before a text, that is taken away.
     */
    @Override
    public String decode(int... ids) {
        String text = new String(decodeBytes(ids), StandardCharsets.UTF_8);
        return json.stripsSpace() && text.startsWith(" ") ? text.substring(1) : text;
    }

    @Override
    public int vocabSize() {
        return json.tokens().length;
    }

    /**
     * {@inheritDoc}
     *
     * @return the id of what the files call {@code eos_token}
     */
    @Override
    public OptionalInt endOfText() {
        String token = json.added().endOfText();
        return token == null
                ? OptionalInt.empty()
                : OptionalInt.of(json.added().special().get(token));
    }

    /**
     * {@inheritDoc}
     *
     * <p>The files are those of the folder that this was loaded from, byte for byte, a chat
     * template included; where special tokens were added they are in {@code tokenizer.json} and
     * {@code tokenizer_config.json}.
     */
    @Override
    public void save(Path directory) throws IOException {
        Files.createDirectories(directory);
        files.write(directory);
    }
}
