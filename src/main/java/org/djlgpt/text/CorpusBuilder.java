package org.djlgpt.text;

import org.djlgpt.io.FileProblem;
import org.djlgpt.nn.Checks;
import org.djlgpt.text.Corpus.LeftOut;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Builds a {@link Corpus} of files. */
public final class CorpusBuilder {

    private final List<Path> paths = new ArrayList<>();
    private final List<String> include = new ArrayList<>();
    private final List<String> exclude = new ArrayList<>();
    private boolean strict;
    private int numThreads = Runtime.getRuntime().availableProcessors();

    CorpusBuilder() {}

    /**
     * Adds a text file, or every file of a folder and its folders.
     *
     * <p>In a folder, files and folders whose names start with a dot are left out, links to folders
     * are not followed, nor are those that lead out of it, and the order is that of the paths below
     * the folder, compared character by character with {@code /} between the names, so it is the
     * same on every system.
     *
     * @param fileOrFolder the file or folder, whose text follows that of those added before
     * @return this builder
     */
    public CorpusBuilder addPath(Path fileOrFolder) {
        paths.add(fileOrFolder);
        return this;
    }

    /**
     * Sets which files of folders are read.
     *
     * @param globs patterns, of which one must match: of a file's name, such as {@code *.txt}, or
     *     with a {@code /} of its path below the folder, such as {@code book/**}; none, the
     *     default, for all files
     * @return this builder
     */
    public CorpusBuilder optInclude(List<String> globs) {
        include.addAll(globs);
        return this;
    }

    /**
     * Sets which files of folders are not read, even if they are included.
     *
     * @param globs patterns as in {@link #optInclude}, by default none
     * @return this builder
     */
    public CorpusBuilder optExclude(List<String> globs) {
        exclude.addAll(globs);
        return this;
    }

    /**
     * Sets whether each file of a folder must be text. By default those that are not are left out.
     *
     * @param strict whether to refuse a folder instead
     * @return this builder
     */
    public CorpusBuilder optStrict(boolean strict) {
        this.strict = strict;
        return this;
    }

    /**
     * Sets how many threads read.
     *
     * @param numThreads 1 to 1024; by default one for each processor
     * @return this builder
     * @throws IllegalArgumentException for another number
     */
    public CorpusBuilder optThreads(int numThreads) {
        this.numThreads = Checks.requireThreads(numThreads);
        return this;
    }

    /**
     * Reads the files.
     *
     * @return the corpus
     * @throws IllegalArgumentException if there is no path, one is missing, a file that was added
     *     by itself is empty, can't be read or is not UTF-8, naming the offset of the offending
     *     byte; if a folder holds no text, a line of JSON is not as expected, a pattern is no glob,
     *     or with {@link #optStrict} a file of a folder is no text
     * @throws IOException if a folder can't be listed
     */
    public Corpus build() throws IOException {
        if (paths.isEmpty()) {
            throw new IllegalArgumentException("no path is added; call addPath");
        }
        List<LeftOut> leftOut = new ArrayList<>();
        List<CorpusSurvey.Finding> text = new ArrayList<>();
        CorpusSurvey survey = new CorpusSurvey();
        for (Path path : paths) {
            text.addAll(
                    Files.isDirectory(path) ? folder(path, survey, leftOut) : file(path, survey));
        }
        if (strict && !leftOut.isEmpty()) {
            throw new IllegalArgumentException(
                    describe(leftOut) + "; exclude what is no text, or convert it to UTF-8");
        }
        return new Corpus(text, survey.characters(), leftOut);
    }

    private List<CorpusSurvey.Finding> file(Path path, CorpusSurvey survey) {
        FileProblem.requireReadable(path);
        CorpusSurvey.Finding finding = read(List.of(path), survey).get(0);
        if (finding.failure() != null) {
            throw new IllegalArgumentException(
                    "%s %s; convert it to UTF-8 or leave it out"
                            .formatted(path, finding.failure()));
        }
        if (finding.bytes() == 0) {
            throw new IllegalArgumentException(
                    path.toAbsolutePath() + " is empty; give a file with text");
        }
        return List.of(finding);
    }

    private List<CorpusSurvey.Finding> folder(Path path, CorpusSurvey survey, List<LeftOut> leftOut)
            throws IOException {
        TextFolder folder = new TextFolder(path, include, exclude);
        List<LeftOut> noText = new ArrayList<>(folder.leftOut());
        List<CorpusSurvey.Finding> text = new ArrayList<>();
        for (CorpusSurvey.Finding finding : read(folder.files(), survey)) {
            if (finding.failure() != null) {
                noText.add(new LeftOut(Path.of(finding.source().name()), finding.failure()));
            } else if (finding.bytes() > 0) {
                text.add(finding);
            }
        }
        if (text.isEmpty()) {
            boolean globs = !include.isEmpty() || !exclude.isEmpty();
            throw new IllegalArgumentException(
                    "folder %s holds no text%s; %s"
                            .formatted(
                                    path.toAbsolutePath(),
                                    noText.isEmpty() ? "" : ": " + describe(noText),
                                    globs ? "give other globs" : "add a text file"));
        }
        leftOut.addAll(noText);
        return text;
    }

    private List<CorpusSurvey.Finding> read(List<Path> files, CorpusSurvey survey) {
        return survey.read(files.stream().<TextSource>map(TextFile::new).toList(), numThreads);
    }

    private static String describe(List<LeftOut> files) {
        LeftOut first = files.get(0);
        String more = files.size() == 1 ? "" : ", and %,d more".formatted(files.size() - 1);
        return "%s %s%s".formatted(first.file(), first.reason(), more);
    }
}
