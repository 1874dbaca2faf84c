package org.djlgpt.cli;

import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Corpus;
import org.djlgpt.text.Gpt2Tokenizer;
import org.djlgpt.text.TokenFile;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.text.Tokens;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * What a model is trained on.
 *
 * @param source where it comes from, for a person
 * @param tokenizer what made the tokens
 * @param training the tokens to train on
 * @param validation the tokens held out: the last tenth, or {@code val.bin}
 */
record TrainingData(String source, Tokenizer tokenizer, Tokens training, Tokens validation) {

    private static final String TRAINING_FILE = "train.bin";
    private static final String VALIDATION_FILE = "val.bin";

    private static final int OPENING_TOKENS = 200;
    private static final Pattern WORD = Pattern.compile("(?<=\\s)[A-Za-z]{2,}(?=\\s)");

    /** What tokens are, as {@code --tokenizer} has it. */
    enum Kind {
        /** Characters of the training text. */
        CHAR,
        /** GPT-2's byte-pair encoding. */
        GPT2;

        private boolean made(Tokenizer tokenizer) {
            return TrainingData.name(tokenizer).equals(option());
        }

        private String option() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Returns how the command line names a tokenizer: as an option, or by its file. */
    static String name(Tokenizer tokenizer) {
        if (tokenizer instanceof CharTokenizer) {
            return Kind.CHAR.option();
        }
        return tokenizer instanceof Gpt2Tokenizer ? Kind.GPT2.option() : "tokenizer.json";
    }

    /**
     * Reads a text file, a folder of text files, a token file, or a folder with {@code train.bin}
     * and {@code val.bin}.
     *
     * @param data the file or folder; null for the embedded corpus
     * @param kind the tokenizer; null for what fits the data
     * @param given the tokenizer that a model was trained with, if there is one
     */
    static TrainingData read(Path data, Kind kind, Optional<Tokenizer> given) throws IOException {
        if (kind != null && given.isPresent() && !kind.made(given.get())) {
            throw new IllegalArgumentException(
                    "--tokenizer %s contradicts --init-from, whose tokenizer is %s; leave it out"
                            .formatted(kind.option(), name(given.get())));
        }
        if (data != null && Files.exists(data.resolve(TRAINING_FILE))) {
            Tokens.Split ids =
                    new Tokens.Split(
                            TokenFile.open(data.resolve(TRAINING_FILE)),
                            TokenFile.open(data.resolve(VALIDATION_FILE)));
            return ofIds(data, ids, kind, given);
        }
        if (data != null && isTokenFile(data)) {
            return ofIds(data, TokenFile.open(data).holdOutTenth(), kind, given);
        }
        Corpus corpus = data == null ? embedded() : Corpus.read(data);
        Tokenizer tokenizer = given.orElseGet(() -> newTokenizer(kind, corpus));
        Tokens.Split tokens = corpus.encode(tokenizer).holdOutTenth();
        return of(data == null ? "DJL's Java sources" : data.toString(), tokenizer, tokens);
    }

    private static Corpus embedded() throws IOException {
        try {
            return Corpus.djlSources();
        } catch (IllegalStateException e) {
            throw new IllegalArgumentException("--data is not given, and " + e.getMessage(), e);
        }
    }

    /** Returns whether a path names a token file. */
    static boolean isTokenFile(Path data) {
        return data.toString().endsWith(".bin") && !Files.isDirectory(data);
    }

    private static Tokenizer newTokenizer(Kind kind, Corpus corpus) {
        return kind == Kind.GPT2 ? new Gpt2Tokenizer() : CharTokenizer.fromText(corpus.text());
    }

    private static TrainingData ofIds(
            Path source, Tokens.Split ids, Kind kind, Optional<Tokenizer> given) {
        if (kind == Kind.CHAR || given.filter(Kind.CHAR::made).isPresent()) {
            throw new IllegalArgumentException(
                    "characters do not fit %s, whose ids are GPT-2's; use --tokenizer gpt2 or give a text"
                            .formatted(source));
        }
        Tokenizer tokenizer = given.orElseGet(Gpt2Tokenizer::new);
        ids.training().requireIdsBelow(tokenizer.vocabSize());
        ids.heldOut().requireIdsBelow(tokenizer.vocabSize());
        return of(source.toString(), tokenizer, ids);
    }

    private static TrainingData of(String source, Tokenizer tokenizer, Tokens.Split tokens) {
        return new TrainingData(source, tokenizer, tokens.training(), tokens.heldOut());
    }

    /** Returns a sum over what the ids stand for, to tell whether another tokenizer is the same. */
    String vocabularySha256() {
        int[] ids = IntStream.range(0, tokenizer.vocabSize()).toArray();
        byte[] bytes = tokenizer.decodeBytes(ids);
        return Tokens.of(IntStream.range(0, bytes.length).map(i -> bytes[i] & 0xFF).toArray())
                .sha256();
    }

    /** Returns what a sample can start with: the first word held out, or else the first token. */
    String opening() {
        int[] first = new int[(int) Math.min(OPENING_TOKENS, validation.size())];
        validation.read(0, first);
        Matcher word = WORD.matcher(tokenizer.decode(first));
        return word.find() ? word.group() : tokenizer.decode(first[0]);
    }
}
