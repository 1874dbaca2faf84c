package org.djlgpt.cli;

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
final class TextOptions {

    /** How many files or characters are named, before the others are counted only. */
    private static final int MOST_NAMED = 5;

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

    /** Reads files and folders, and says which files were left out. */
    Corpus corpus(List<Path> paths, int numThreads, PrintWriter err) throws IOException {
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

    /** Refuses these options where no text is read. */
    void requireNone(String instead) {
        if (!include.isEmpty() || !exclude.isEmpty() || strict) {
            throw new IllegalArgumentException(
                    "--include, --exclude and --strict are for text; leave them out with "
                            + instead);
        }
    }

    /** Refuses the empty path, which would be the folder that one is in. */
    static void requireNamed(String option, List<Path> paths) {
        if (paths.contains(Path.of(""))) {
            throw new IllegalArgumentException(
                    option + " is empty; name a file or a folder, . for this one");
        }
    }

    /** Returns what a corpus of files is, such as "2 files, 300 bytes: 2 as plain text". */
    static String describe(Corpus corpus) {
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

    /** Returns what a text spells that is not what it may seem to be. */
    static String describeSpecialTokens(long places, Tokenizer tokenizer) {
        return "%s of the text %s special tokens such as %s, taken as letters"
                .formatted(
                        count(places, "place"),
                        places == 1 ? "spells" : "spell",
                        tokenizer.specialTokens().iterator().next());
    }

    /** Returns a tokenizer for a text, and says which characters of it are left out. */
    static Tokenizer leavingOutUnknown(Tokenizer tokenizer, Corpus corpus, PrintWriter err) {
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

    /** Returns what a tokenizer knows of a prompt, and says which characters it does not. */
    static String known(String prompt, Tokenizer tokenizer, PrintWriter err) {
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
