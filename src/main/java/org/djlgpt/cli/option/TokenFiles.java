package org.djlgpt.cli.option;

import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Files of tokens, and folders of them: {@code train.bin} and {@code val.bin}, as nanoGPT and llm.c
 * have them, with or without the tokenizer that made them.
 */
public final class TokenFiles {

    /** The file with what to train on, in a folder of both. */
    public static final String TRAINING = "train.bin";

    /** The file with what is held out, in a folder of both. */
    public static final String HELD_OUT = "val.bin";

    private TokenFiles() {}

    /**
     * Returns whether a path names a token file.
     *
     * @param data the path
     * @return whether it does, by its name
     */
    public static boolean isFile(Path data) {
        return data.toString().endsWith(".bin") && !Files.isDirectory(data);
    }

    /**
     * Returns whether a path names a folder of tokens to train on and tokens held out.
     *
     * @param data the path
     * @return whether the former are there
     */
    public static boolean isFolder(Path data) {
        return Files.exists(data.resolve(TRAINING));
    }

    /**
     * Tells by its name whether a file is part of such a folder.
     *
     * @param name the file's name
     * @return whether {@code gpt prepare} writes it, or nanoGPT
     */
    public static boolean isPart(String name) {
        return Tokenizer.isPart(name) || List.of(TRAINING, HELD_OUT, "meta.pkl").contains(name);
    }

    /**
     * Opens the tokens of such a folder.
     *
     * @param folder the folder
     * @return what to train on, and what is held out
     * @throws IOException if a file can't be read
     */
    public static Tokens.Split open(Path folder) throws IOException {
        return new Tokens.Split(
                TokenFile.open(folder.resolve(TRAINING)), TokenFile.open(folder.resolve(HELD_OUT)));
    }

    /**
     * Opens token files one after the other.
     *
     * @param files the files
     * @return their tokens, in this order
     * @throws IOException if one can't be read
     */
    public static Tokens join(List<Path> files) throws IOException {
        List<Tokens> parts = new ArrayList<>();
        for (Path file : files) {
            parts.add(TokenFile.open(file));
        }
        return Tokens.join(parts);
    }

    /**
     * Returns the tokenizer of token files, where it lies beside them.
     *
     * @param paths token files, or a folder of such
     * @return the tokenizer; empty if there is none
     * @throws IllegalArgumentException if they have different ones
     * @throws IOException if a file of it can't be read
     */
    public static Optional<Tokenizer> tokenizerBeside(List<Path> paths) throws IOException {
        Optional<Tokenizer> first = Optional.empty();
        for (Path path : paths) {
            Path folder =
                    Files.isDirectory(path) ? path : path.toAbsolutePath().normalize().getParent();
            Optional<Tokenizer> beside =
                    Files.isDirectory(folder) ? Tokenizer.find(folder) : Optional.empty();
            if (first.isPresent() && beside.isPresent()) {
                requireSame(path, beside.get(), first.get());
            }
            first = first.or(() -> beside);
        }
        return first;
    }

    /**
     * Refuses token files that another tokenizer has made, as far as can be told.
     *
     * @param tokenizer what is said to have made them
     * @param paths token files, or a folder of such
     * @param ids what is in them
     * @throws IllegalArgumentException if it has not
     * @throws IOException if a file can't be read
     */
    public static void requireMadeBy(Tokenizer tokenizer, List<Path> paths, Tokens ids)
            throws IOException {
        Optional<Tokenizer> beside = tokenizerBeside(paths);
        if (beside.isPresent()) {
            requireSame(paths.get(0), beside.get(), tokenizer);
        } else if (tokenizer instanceof CharTokenizer) {
            throw charactersDoNotFit(paths.get(0));
        }
        ids.requireIdsBelow(tokenizer.vocabSize());
    }

    /**
     * Returns what to throw where characters are to be the tokens of a file that has none.
     *
     * @param ids the file
     * @return the refusal
     */
    public static IllegalArgumentException charactersDoNotFit(Path ids) {
        return new IllegalArgumentException(
                "characters do not fit %s, whose ids are GPT-2's; use --tokenizer gpt2 or give a text"
                        .formatted(ids));
    }

    private static void requireSame(Path path, Tokenizer beside, Tokenizer tokenizer) {
        if (beside != tokenizer
                && !TokenizerOption.sha256(beside).equals(TokenizerOption.sha256(tokenizer))) {
            throw new IllegalArgumentException(
                    "the ids of %s are those of the tokenizer beside it (%s, %d ids), not of the other (%s, %d ids)"
                            .formatted(
                                    path,
                                    TokenizerOption.name(beside),
                                    beside.vocabSize(),
                                    TokenizerOption.name(tokenizer),
                                    tokenizer.vocabSize()));
        }
    }
}
