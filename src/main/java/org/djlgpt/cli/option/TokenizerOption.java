package org.djlgpt.cli.option;

import org.djlgpt.data.Tokens;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Gpt2Tokenizer;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** What tokens are. */
public final class TokenizerOption {

    private static final String CHAR = "CHAR";
    private static final String GPT2 = "GPT2";

    @Option(
            names = "--tokenizer",
            paramLabel = "char|gpt2|DIR",
            converter = TokenizerName.class,
            description =
                    "what tokens are: characters, GPT-2's byte pairs, or those of the tokenizer in"
                            + " a folder (default: char for text, for .bin what lies beside it or"
                            + " else gpt2, or those of --init-from)")
    private String tokenizer;

    /** For picocli. */
    TokenizerOption() {}

    /**
     * Returns the tokenizer of what has no text to learn characters of.
     *
     * @param option the option that it is needed for
     * @param given that which a model was trained with, if there is one
     * @return the tokenizer
     * @throws IllegalArgumentException if there is none, or it contradicts the model's
     * @throws IOException if a file of it can't be read
     */
    public Tokenizer required(String option, Optional<Tokenizer> given) throws IOException {
        return chosen(given)
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "%s needs a tokenizer; give a model with --init-from, or --tokenizer gpt2 or a folder with one"
                                                .formatted(option)));
    }

    /**
     * Returns the tokenizer that is asked for.
     *
     * @param given that which a model was trained with, if there is one
     * @return the tokenizer; empty for characters, or what fits the data
     * @throws IllegalArgumentException if it contradicts the model's
     * @throws IOException if a file of it can't be read
     */
    public Optional<Tokenizer> chosen(Optional<Tokenizer> given) throws IOException {
        if (tokenizer == null) {
            return given;
        }
        if (given.isPresent()) {
            requireSame(given.get());
            return given;
        }
        return switch (tokenizer) {
            case CHAR -> Optional.empty();
            case GPT2 -> Optional.of(new Gpt2Tokenizer());
            default -> Optional.of(Tokenizer.load(Path.of(tokenizer)));
        };
    }

    private void requireSame(Tokenizer given) throws IOException {
        String name = name(given);
        boolean isName = Set.of(CHAR, GPT2).contains(tokenizer);
        boolean isSame =
                isName
                        ? tokenizer.equalsIgnoreCase(name)
                        : sha256(Tokenizer.load(Path.of(tokenizer))).equals(sha256(given));
        if (!isSame) {
            throw new IllegalArgumentException(
                    "--tokenizer %s contradicts --init-from, whose tokenizer is %s; leave it out"
                            .formatted(
                                    isName ? tokenizer.toLowerCase(Locale.ROOT) : tokenizer, name));
        }
    }

    /**
     * Returns whether characters are asked for.
     *
     * @return whether they are
     */
    public boolean isChar() {
        return CHAR.equals(tokenizer);
    }

    /**
     * Returns how the command line names a tokenizer.
     *
     * @param tokenizer the tokenizer
     * @return {@code char}, {@code gpt2}, or the file that it is in
     */
    public static String name(Tokenizer tokenizer) {
        if (tokenizer instanceof CharTokenizer) {
            return "char";
        }
        if (tokenizer instanceof Gpt2Tokenizer) {
            return isPublished(tokenizer) ? "gpt2" : "vocab.json";
        }
        return "tokenizer.json";
    }

    /** Tells the vocabulary that GPT-2 has from others of its kind. */
    private static boolean isPublished(Tokenizer tokenizer) {
        return tokenizer.vocabSize() == Gpt2Config.small().vocabSize()
                && sha256(tokenizer).equals(sha256(new Gpt2Tokenizer()));
    }

    /**
     * Returns a sum over what ids stand for, to tell whether another tokenizer is the same.
     *
     * @param tokenizer the tokenizer
     * @return the sum, in hexadecimal digits
     */
    public static String sha256(Tokenizer tokenizer) {
        int[] ids = IntStream.range(0, tokenizer.vocabSize()).toArray();
        byte[] bytes = tokenizer.decodeBytes(ids);
        return Tokens.of(IntStream.range(0, bytes.length).map(i -> bytes[i] & 0xFF).toArray())
                .sha256();
    }

    /** What {@code --tokenizer} is, in one spelling. */
    private static final class TokenizerName implements ITypeConverter<String> {

        @Override
        public String convert(String value) {
            String upper = value.toUpperCase(Locale.ROOT);
            if (upper.equals(CHAR) || upper.equals(GPT2)) {
                return upper;
            }
            try {
                if (!value.isEmpty() && Files.isDirectory(Path.of(value))) {
                    return Path.of(value).toAbsolutePath().toString();
                }
            } catch (InvalidPathException e) {
                // nor is it a folder
            }
            throw new TypeConversionException(
                    "'%s' is neither char nor gpt2 nor a folder with a tokenizer".formatted(value));
        }
    }
}
