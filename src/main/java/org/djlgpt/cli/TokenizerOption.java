package org.djlgpt.cli;

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

/** What tokens are. */
final class TokenizerOption {

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

    /**
     * Returns the tokenizer of what has no text to learn characters of.
     *
     * @param given that which a model was trained with, if there is one
     */
    Tokenizer required(String option, Optional<Tokenizer> given) throws IOException {
        return chosen(given)
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "%s needs a tokenizer; give a model with --init-from, or --tokenizer gpt2 or a folder with one"
                                                .formatted(option)));
    }

    /** Returns the tokenizer that is asked for; empty for characters, or what fits the data. */
    Optional<Tokenizer> chosen(Optional<Tokenizer> given) throws IOException {
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
        String name = TrainingData.name(given);
        boolean isName = Set.of(CHAR, GPT2).contains(tokenizer);
        boolean isSame =
                isName
                        ? tokenizer.equalsIgnoreCase(name)
                        : TrainingData.sha256(Tokenizer.load(Path.of(tokenizer)))
                                .equals(TrainingData.sha256(given));
        if (!isSame) {
            throw new IllegalArgumentException(
                    "--tokenizer %s contradicts --init-from, whose tokenizer is %s; leave it out"
                            .formatted(
                                    isName ? tokenizer.toLowerCase(Locale.ROOT) : tokenizer, name));
        }
    }

    /** Returns whether characters are asked for. */
    boolean isChar() {
        return CHAR.equals(tokenizer);
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
