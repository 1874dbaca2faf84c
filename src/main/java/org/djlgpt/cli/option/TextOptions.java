package org.djlgpt.cli.option;

import static java.util.stream.Collectors.joining;

import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Corpus;
import org.djlgpt.text.CorpusBuilder;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What is read of files and folders of text, and what a person hears of it. */
public final class TextOptions {

    /** How many files or characters are named, before the others are counted only. */
    private static final int MOST_NAMED = 5;

    private static final long MOST_IN_MEMORY = 1 << 24;

    @Option(
            names = "--include",
            paramLabel = "GLOB",
            description =
                    "of folders, read only files whose name matches, such as *.txt, or whose path"
                            + " does, such as book/**; may be given several times")
    private List<String> include = List.of();

    @Option(
            names = "--exclude",
            paramLabel = "GLOB",
            description = "of folders, leave out files that match; may be given several times")
    private List<String> exclude = List.of();

    @Option(
            names = "--strict",
            description =
                    "refuse a folder with a file that is not UTF-8 text, instead of leaving the"
                            + " file out")
    private boolean strict;

    /** For picocli. */
    TextOptions() {}

    /**
     * Reads files and folders, and says which files were left out.
     *
     * @param paths the files and folders
     * @param numThreads how many threads read them
     * @param err takes what is to be said
     * @return their text
     * @throws IllegalArgumentException if there is none
     * @throws IOException if a file can't be read
     */
    public Corpus corpus(List<Path> paths, int numThreads, PrintWriter err) throws IOException {
        CorpusBuilder builder =
                Corpus.builder()
                        .optInclude(include)
                        .optExclude(exclude)
                        .optStrict(strict)
                        .optThreads(numThreads);
        paths.forEach(builder::addPath);
        Corpus corpus = builder.build();
        List<Corpus.LeftOut> leftOut = corpus.leftOut();
        if (!leftOut.isEmpty()) {
            print(
                    err,
                    "%s left out: %s%s",
                    count(leftOut.size(), "file"),
                    leftOut.stream()
                            .limit(MOST_NAMED)
                            .map(file -> file.file() + " " + file.reason())
                            .collect(joining("; ")),
                    more(leftOut.size()));
        }
        return corpus;
    }

    /**
     * Returns whether the tokens of a text fit into a small heap.
     *
     * @param bytes how long the text is
     * @return whether they do
     */
    public static boolean isSmall(long bytes) {
        return bytes <= MOST_IN_MEMORY;
    }

    /**
     * Refuses these options where no text is read.
     *
     * @param instead the option that something else is read with
     * @throws IllegalArgumentException if one is given
     */
    public void requireNone(String instead) {
        if (!include.isEmpty() || !exclude.isEmpty() || strict) {
            throw new IllegalArgumentException(
                    "--include, --exclude and --strict are for text; leave them out with "
                            + instead);
        }
    }

    /**
     * Refuses the empty path, which would be the folder that one is in.
     *
     * @param option what the paths are given with
     * @param paths the paths
     * @throws IllegalArgumentException if one is empty
     */
    public static void requireNamed(String option, List<Path> paths) {
        if (paths.contains(Path.of(""))) {
            throw new IllegalArgumentException(
                    option + " is empty; name a file or a folder, . for this one");
        }
    }

    /**
     * Returns what a corpus of files is.
     *
     * @param corpus the corpus
     * @return such as "2 files, 300 bytes: 2 as plain text"
     */
    public static String describe(Corpus corpus) {
        Map<String, Integer> formats = corpus.formats();
        int files = formats.values().stream().mapToInt(Integer::intValue).sum();
        return "%s, %s: %s"
                .formatted(
                        count(files, "file"),
                        count(corpus.bytes(), "byte"),
                        formats.entrySet().stream()
                                .map(format -> count(format.getValue()) + " as " + format.getKey())
                                .collect(joining(", ")));
    }

    /**
     * Returns what a text spells that is not what it may seem to be.
     *
     * @param places how often it does
     * @param tokenizer has special tokens
     * @return a sentence
     */
    public static String describeSpecialTokens(long places, Tokenizer tokenizer) {
        return "%s of the text %s special tokens such as %s, taken as letters"
                .formatted(
                        count(places, "place"),
                        places == 1 ? "spells" : "spell",
                        tokenizer.specialTokens().iterator().next());
    }

    /**
     * Returns a tokenizer for a text, and says which characters of it are left out.
     *
     * @param tokenizer the tokenizer, which may not know them
     * @param corpus the text
     * @param err takes what is to be said
     * @return a tokenizer that passes over them
     */
    public static Tokenizer leavingOutUnknown(Tokenizer tokenizer, Corpus corpus, PrintWriter err) {
        if (!(tokenizer instanceof CharTokenizer characters)) {
            return tokenizer;
        }
        List<Map.Entry<Integer, Long>> unknown =
                corpus.characters().entrySet().stream()
                        .filter(character -> !characters.knows(character.getKey()))
                        .sorted(Map.Entry.<Integer, Long>comparingByValue().reversed())
                        .toList();
        if (unknown.isEmpty()) {
            return tokenizer;
        }
        long times = unknown.stream().mapToLong(Map.Entry::getValue).sum();
        print(
                err,
                "%s of the text %s unknown to the tokenizer and left out: %s%s",
                count(times, "character"),
                times == 1 ? "is" : "are",
                unknown.stream()
                        .limit(MOST_NAMED)
                        .map(c -> CharTokenizer.describe(c.getKey()) + times(c.getValue()))
                        .collect(joining(", ")),
                more(unknown.size()));
        return characters.leavingOutUnknown();
    }

    /**
     * Returns what a tokenizer knows of a prompt, and says which characters it does not.
     *
     * @param prompt the prompt
     * @param tokenizer the tokenizer
     * @param err takes what is to be said
     * @return the prompt without these characters
     */
    public static String known(String prompt, Tokenizer tokenizer, PrintWriter err) {
        if (prompt.isEmpty()) {
            return prompt;
        }
        Tokenizer lenient = leavingOutUnknown(tokenizer, new Corpus(List.of(prompt)), err);
        return lenient == tokenizer ? prompt : lenient.decode(lenient.encode(prompt));
    }

    private static String times(long count) {
        return count == 1 ? "" : " %s times".formatted(count(count));
    }

    private static String more(int size) {
        return size > MOST_NAMED ? ", and %s more".formatted(count(size - MOST_NAMED)) : "";
    }

    private static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String count(long number, String things) {
        return count(number) + " " + things + (number == 1 ? "" : "s");
    }

    private static void print(PrintWriter err, String format, Object... values) {
        err.println("gpt: " + String.format(Locale.ROOT, format, values));
        err.flush();
    }
}
