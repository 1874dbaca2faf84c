package org.djlgpt.cli.train;

import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.TextOptions;
import org.djlgpt.cli.option.TokenFiles;
import org.djlgpt.cli.option.TokenizerOption;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Corpus;
import org.djlgpt.text.Gpt2Tokenizer;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What to train on, what to hold out, and what its tokens are. */
final class DataOptions {

    private static final double SHARE = 0.1;

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description =
                    "a text file, also packed (.gz) or with a document under \"text\" in each line"
                        + " of JSON (.jsonl), or a folder of them; may be given several times. Or"
                        + " tokens: .bin files of nanoGPT or llm.c, or a folder with train.bin and"
                        + " val.bin (default: DJL's own Java sources)")
    private List<Path> data = List.of();

    @Mixin private TextOptions text;

    @Option(
            names = "--validation",
            paramLabel = "PATH",
            description =
                    "hold out this text, or these tokens, or examples of the kind that is learned,"
                            + " instead of the end of the data; may be given several times")
    private List<Path> validation = List.of();

    @Option(
            names = "--validation-share",
            paramLabel = "X",
            description =
                    "how much of the data is held out, at its end or, where texts have labels, of"
                            + " each label, in (0, 1) (default: "
                            + SHARE
                            + ")")
    private Double validationShare;

    @Mixin private TokenizerOption tokenizer;

    /**
     * Reads what to train on.
     *
     * @param given the tokenizer that a model was trained with, if there is one
     * @param run where the tokens of a large text go
     * @param numThreads how many threads read text
     */
    TextLesson read(
            Optional<Tokenizer> given, RunDirectory run, int numThreads, CommandSpec command)
            throws IOException {
        requireUse();
        if (data.stream().anyMatch(DataOptions::isTokens)) {
            return ofTokens(given);
        }
        TextData read = text(given, numThreads, command);
        if (read.isSmall()) {
            return read.inMemory();
        }
        run.create();
        return read.inFiles(run.tokens());
    }

    /** Refuses options of a text where something else is learned from. */
    void requireNoText(String option) {
        if (!data.isEmpty()) {
            throw new IllegalArgumentException(
                    "--data %s does not go with %s; give one of them"
                            .formatted(names(data), option));
        }
        text.requireNone(option);
    }

    /** Returns what tokens are. */
    TokenizerOption tokenizer() {
        return tokenizer;
    }

    /** Returns files to learn from, and what is held out. */
    Lesson.HeldOut heldOut(List<Path> files) {
        requireUse();
        return new Lesson.HeldOut(files, validation, share());
    }

    /**
     * Returns the files that the tokens of a lesson are in; for those of a text, where {@link
     * #writeFiles} puts them.
     *
     * @param lesson what {@link #read} gives
     * @return what to train on, and what is held out
     */
    List<Cluster.TokenSpan> files(TextLesson lesson, RunDirectory run) {
        long size = lesson.tokens().size();
        long heldOut = lesson.heldOut().size();
        if (data.stream().noneMatch(DataOptions::isTokens)) {
            Path folder = run.tokens();
            return List.of(
                    span(0, size, folder.resolve(TokenFiles.TRAINING)),
                    span(0, heldOut, folder.resolve(TokenFiles.HELD_OUT)));
        }
        if (TokenFiles.isFolder(data.get(0))) {
            return List.of(
                    span(0, size, data.get(0).resolve(TokenFiles.TRAINING)),
                    span(0, heldOut, data.get(0).resolve(TokenFiles.HELD_OUT)));
        }
        Path[] files = data.toArray(Path[]::new);
        return validation.isEmpty()
                ? List.of(span(0, size, files), span(size, size + heldOut, files))
                : List.of(span(0, size, files), span(0, heldOut, validation.toArray(Path[]::new)));
    }

    /** Writes the tokens of a text into the run's folder, unless they are in files already. */
    void writeFiles(TextLesson lesson, RunDirectory run) throws IOException {
        if (!(lesson.tokens() instanceof TokenFile)
                && data.stream().noneMatch(DataOptions::isTokens)) {
            Path folder = run.tokens();
            Files.createDirectories(folder);
            TokenFile.write(folder.resolve(TokenFiles.TRAINING), lesson.tokens());
            TokenFile.write(folder.resolve(TokenFiles.HELD_OUT), lesson.heldOut());
        }
    }

    private static Cluster.TokenSpan span(long from, long to, Path... files) {
        return new Cluster.TokenSpan(
                Stream.of(files).map(file -> file.toAbsolutePath().toUri().toString()).toList(),
                from,
                to);
    }

    /** Writes the tokens of a text into a folder to train on. */
    TextLesson prepare(Path folder, int numThreads, CommandSpec command) throws IOException {
        requireUse();
        for (Path path : data) {
            if (isTokens(path)) {
                throw new IllegalArgumentException(
                        "--data %s has tokens already; give a text, or train on it as it is"
                                .formatted(path));
            }
        }
        return text(Optional.empty(), numThreads, command).inFiles(folder);
    }

    /** Refuses options that do not go together. */
    void requireUse() {
        TextOptions.requireNamed("--data", data);
        TextOptions.requireNamed("--validation", validation);
        if (validationShare != null && !(validationShare > 0 && validationShare < 1)) {
            throw new IllegalArgumentException(
                    "--validation-share=%s must lie between 0 and 1".formatted(validationShare));
        }
        if (validationShare != null && !validation.isEmpty()) {
            throw new IllegalArgumentException(
                    "--validation-share=%s does not go with --validation, which is all that is held out; leave one of them out"
                            .formatted(validationShare));
        }
    }

    private static boolean isTokens(Path path) {
        return TokenFiles.isFile(path) || TokenFiles.isFolder(path);
    }

    private double share() {
        return validationShare == null ? SHARE : validationShare;
    }

    private TextData text(Optional<Tokenizer> given, int numThreads, CommandSpec command)
            throws IOException {
        PrintWriter err = command.commandLine().getErr();
        Optional<Tokenizer> chosen = tokenizer.chosen(given);
        Corpus corpus = data.isEmpty() ? embedded() : text.corpus(data, numThreads, err);
        Optional<Corpus> heldOut = Optional.empty();
        if (!validation.isEmpty()) {
            requireText(validation, "--validation");
            heldOut = Optional.of(text.corpus(validation, numThreads, err));
        }
        Corpus[] all = Stream.concat(Stream.of(corpus), heldOut.stream()).toArray(Corpus[]::new);
        Tokenizer known = chosen.orElseGet(() -> CharTokenizer.fromCorpus(all));
        for (Corpus one : all) {
            known = TextOptions.leavingOutUnknown(known, one, err);
        }
        return new TextData(
                data.isEmpty() ? "DJL's Java sources" : names(data),
                corpus,
                heldOut,
                share(),
                known,
                numThreads,
                new Output(command.commandLine().getOut()));
    }

    private static void requireText(List<Path> paths, String option) {
        for (Path path : paths) {
            if (isTokens(path)) {
                throw new IllegalArgumentException(
                        "%s %s has tokens, but --data is text; give text only, or tokens only"
                                .formatted(option, path));
            }
        }
    }

    private static Corpus embedded() throws IOException {
        try {
            return Corpus.djlSources();
        } catch (IllegalStateException e) {
            throw new IllegalArgumentException("--data is not given, and " + e.getMessage(), e);
        }
    }

    private TextLesson ofTokens(Optional<Tokenizer> given) throws IOException {
        Tokens.Split ids = split();
        Optional<Tokenizer> beside = TokenFiles.tokenizerBeside(data);
        Tokenizer made =
                tokenizer
                        .chosen(given)
                        .or(() -> beside)
                        .or(
                                () ->
                                        Optional.of(new Gpt2Tokenizer())
                                                .filter(gpt2 -> !tokenizer.isChar()))
                        .orElseThrow(() -> TokenFiles.charactersDoNotFit(data.get(0)));
        if (tokenizer.isChar() && !(made instanceof CharTokenizer)) {
            throw TokenFiles.charactersDoNotFit(data.get(0));
        }
        TokenFiles.requireMadeBy(made, data, ids.training());
        TokenFiles.requireMadeBy(made, validation.isEmpty() ? data : validation, ids.heldOut());
        return new TextLesson(names(data), List.of(), made, ids.training(), ids.heldOut());
    }

    private Tokens.Split split() throws IOException {
        requireTokens("--data", data);
        requireTokens("--validation", validation);
        for (Path path : data) {
            boolean more = data.size() > 1 || validationShare != null || !validation.isEmpty();
            if (more && TokenFiles.isFolder(path)) {
                throw new IllegalArgumentException(
                        "--data %s has what is held out in it; give no more, or name its files"
                                .formatted(path));
            }
        }
        if (TokenFiles.isFolder(data.get(0))) {
            return TokenFiles.open(data.get(0));
        }
        Tokens all = TokenFiles.join(data);
        return validation.isEmpty()
                ? all.holdOut(share())
                : new Tokens.Split(all, TokenFiles.join(validation));
    }

    private static void requireTokens(String option, List<Path> paths) {
        for (Path path : paths) {
            boolean fits =
                    TokenFiles.isFile(path) || option.equals("--data") && TokenFiles.isFolder(path);
            if (!fits) {
                throw new IllegalArgumentException(
                        "%s %s is no token file, but others are; give text only, or tokens only"
                                .formatted(option, path));
            }
        }
    }

    private static String names(List<Path> paths) {
        return paths.stream().map(Path::toString).collect(Collectors.joining(", "));
    }
}
