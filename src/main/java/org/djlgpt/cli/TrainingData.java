package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.data.TokenFile;
import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Gpt2Tokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.Baselines;
import org.djlgpt.training.Objective;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Text as tokens, whose next token is to be predicted.
 *
 * @param source where it comes from, for a person
 * @param remarks what else there is to say of it, line by line
 * @param tokenizer what made the tokens
 * @param tokens the tokens to train on
 * @param heldOut the tokens held out
 */
record TrainingData(
        String source, List<String> remarks, Tokenizer tokenizer, Tokens tokens, Tokens heldOut)
        implements Lesson {

    static final String TRAINING_FILE = "train.bin";
    static final String VALIDATION_FILE = "val.bin";

    private static final int SAMPLE_TOKENS = 400;
    private static final int OPENING_TOKENS = 200;
    private static final Pattern WORD = Pattern.compile("(?<=\\s)[A-Za-z]{2,}(?=\\s)");

    /** Returns how the command line names a tokenizer: as an option, or by its file. */
    static String name(Tokenizer tokenizer) {
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
        Tokenizer published = new Gpt2Tokenizer();
        return tokenizer.vocabSize() == published.vocabSize()
                && sha256(tokenizer).equals(sha256(published));
    }

    /** Returns whether a path names a token file. */
    static boolean isTokenFile(Path data) {
        return data.toString().endsWith(".bin") && !Files.isDirectory(data);
    }

    /** Returns whether a path names a folder of tokens to train on and tokens held out. */
    static boolean isFolder(Path data) {
        return Files.exists(data.resolve(TRAINING_FILE));
    }

    /** Tells by its name whether a file is part of such a folder. */
    static boolean isPart(String name) {
        return Tokenizer.isPart(name)
                || List.of(TRAINING_FILE, VALIDATION_FILE, "meta.pkl").contains(name);
    }

    /** Opens the tokens of such a folder. */
    static Tokens.Split open(Path folder) throws IOException {
        return new Tokens.Split(
                TokenFile.open(folder.resolve(TRAINING_FILE)),
                TokenFile.open(folder.resolve(VALIDATION_FILE)));
    }

    /** Opens token files one after the other. */
    static Tokens join(List<Path> files) throws IOException {
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
     * @throws IllegalArgumentException if they have different ones
     */
    static Optional<Tokenizer> tokenizerBeside(List<Path> paths) throws IOException {
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

    /** Refuses token files that another tokenizer has made, as far as can be told. */
    static void requireMadeBy(Tokenizer tokenizer, List<Path> paths, Tokens ids)
            throws IOException {
        Optional<Tokenizer> beside = tokenizerBeside(paths);
        if (beside.isPresent()) {
            requireSame(paths.get(0), beside.get(), tokenizer);
        } else if (tokenizer instanceof CharTokenizer) {
            throw charactersDoNotFit(paths.get(0));
        }
        ids.requireIdsBelow(tokenizer.vocabSize());
    }

    static IllegalArgumentException charactersDoNotFit(Path ids) {
        return new IllegalArgumentException(
                "characters do not fit %s, whose ids are GPT-2's; use --tokenizer gpt2 or give a text"
                        .formatted(ids));
    }

    private static void requireSame(Path path, Tokenizer beside, Tokenizer tokenizer) {
        if (beside != tokenizer && !sha256(beside).equals(sha256(tokenizer))) {
            throw new IllegalArgumentException(
                    "the ids of %s are those of the tokenizer beside it (%s, %d ids), not of the other (%s, %d ids)"
                            .formatted(
                                    path,
                                    name(beside),
                                    beside.vocabSize(),
                                    name(tokenizer),
                                    tokenizer.vocabSize()));
        }
    }

    /** Returns a sum over what the ids stand for, to tell whether another tokenizer is the same. */
    static String sha256(Tokenizer tokenizer) {
        int[] ids = IntStream.range(0, tokenizer.vocabSize()).toArray();
        byte[] bytes = tokenizer.decodeBytes(ids);
        return Tokens.of(IntStream.range(0, bytes.length).map(i -> bytes[i] & 0xFF).toArray())
                .sha256();
    }

    /** Returns what there is to say of it. */
    List<String> description() {
        String text =
                String.format(
                        Locale.ROOT,
                        "Text     %s: %,d tokens to train on, %,d held out, vocabulary of %,d",
                        source,
                        tokens.size(),
                        heldOut.size(),
                        tokenizer.vocabSize());
        return Stream.concat(Stream.of(text), remarks.stream()).toList();
    }

    @Override
    public Material read(GptConfig size) {
        return new Material(
                windows("the text to train on", tokens, size, 1),
                windows("the text held out", heldOut, size, size.contextLength()),
                description());
    }

    private static TokenWindows windows(String part, Tokens tokens, GptConfig size, int stride) {
        if (tokens.size() <= size.contextLength()) {
            throw new IllegalArgumentException(
                    ("%s has %d tokens, fewer than the %d of one window (--context-length=%d and a"
                                    + " label); give a longer text or a smaller --context-length")
                            .formatted(
                                    part,
                                    tokens.size(),
                                    size.contextLength() + 1L,
                                    size.contextLength()));
        }
        return TokenWindows.builder()
                .setTokens(tokens)
                .setContextLength(size.contextLength())
                .optStride(stride)
                .build();
    }

    @Override
    public Objective objective(GptModel base) {
        return Objective.nextToken();
    }

    @Override
    public List<Yardstick> yardsticks(GptConfig size) {
        Baselines baselines = Baselines.of(tokens, size.vocabSize());
        return List.of(
                Yardstick.uniform(size.vocabSize()),
                new Yardstick(
                        "unigram",
                        baselines.unigram(),
                        "knowing how often each token comes (unigram)"));
    }

    @Override
    public void conclude(TrainingRun run, TrainingReport report, NDManager manager)
            throws IOException, MalformedModelException {
        report.losses("in nats per token", run, "on text that it has not seen");
        Sampler sampler = Sampler.random().topK(40).temperature(0.8);
        TextGenerator generator =
                TextGenerator.builder()
                        .setModel(run.best(manager))
                        .setTokenizer(tokenizer)
                        .setManager(manager)
                        .optSampler(sampler)
                        .optMaxNewTokens(SAMPLE_TOKENS)
                        .optSeed(run.seed())
                        .build();
        report.sample("temperature 0.8, top-k 40", opening());
        generator.generate(opening(), report::text);
        report.text(System.lineSeparator());
        report.files(run.folder(), "generate", "--prompt", opening());
    }

    /** Returns what a sample can start with: the first word held out, or else the first token. */
    String opening() {
        int[] first = new int[(int) Math.min(OPENING_TOKENS, heldOut.size())];
        heldOut.read(0, first);
        Matcher word = WORD.matcher(tokenizer.decode(first));
        return word.find() ? word.group() : tokenizer.decode(first[0]);
    }
}
