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

    /**
     * Reads a text file, a folder of text files, a token file, or a folder with {@code train.bin}
     * and {@code val.bin}.
     *
     * @param data the file or folder; null for the embedded corpus
     * @param kind the tokenizer; null for what fits the data
     * @param given the tokenizer that a model was trained with; null if there is none
     */
    static TrainingData read(Path data, TokenizerKind kind, Tokenizer given) throws IOException {
        TokenizerKind known = given == null ? kind : TokenizerKind.of(given).orElse(null);
        if (kind != null && kind != known) {
            throw new IllegalArgumentException(
                    "--tokenizer %s contradicts --init-from, whose tokenizer is %s; leave it out"
                            .formatted(
                                    kind.option(), known == null ? "another" : known.option()));
        }
        if (data == null) {
            return of("DJL's Java sources", embedded(), known, given);
        }
        if (Files.isDirectory(data) && Files.exists(data.resolve(TRAINING_FILE))) {
            return ofIds(
                    data.toString(),
                    known,
                    given,
                    TokenFile.open(data.resolve(TRAINING_FILE)),
                    TokenFile.open(data.resolve(VALIDATION_FILE)));
        }
        if (isTokenFile(data)) {
            Tokens tokens = TokenFile.open(data);
            return ofIds(
                    data.toString(), known, given, firstTenths(tokens), lastTenth(tokens));
        }
        return of(data.toString(), Corpus.read(data), known, given);
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

    private static TrainingData of(
            String source, Corpus corpus, TokenizerKind kind, Tokenizer given) {
        Tokenizer tokenizer = given == null ? newTokenizer(kind, corpus) : given;
        Tokens tokens = corpus.encode(tokenizer);
        return new TrainingData(source, tokenizer, firstTenths(tokens), lastTenth(tokens));
    }

    private static Tokenizer newTokenizer(TokenizerKind kind, Corpus corpus) {
        return kind == TokenizerKind.GPT2
                ? new Gpt2Tokenizer()
                : CharTokenizer.fromText(corpus.text());
    }

    private static TrainingData ofIds(
            String source,
            TokenizerKind kind,
            Tokenizer given,
            Tokens training,
            Tokens validation) {
        if (kind == TokenizerKind.CHAR) {
            throw new IllegalArgumentException(
                    "characters do not fit %s, whose ids are GPT-2's; use --tokenizer gpt2 or give a text"
                            .formatted(source));
        }
        Tokenizer tokenizer = given == null ? new Gpt2Tokenizer() : given;
        training.requireIdsBelow(tokenizer.vocabSize());
        validation.requireIdsBelow(tokenizer.vocabSize());
        return new TrainingData(source, tokenizer, training, validation);
    }

    private static Tokens firstTenths(Tokens tokens) {
        return tokens.slice(0, split(tokens));
    }

    private static Tokens lastTenth(Tokens tokens) {
        return tokens.slice(split(tokens), tokens.size());
    }

    private static long split(Tokens tokens) {
        return tokens.size() - tokens.size() / 10;
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
