package org.djlgpt.text;

import org.djlgpt.data.Tokens;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Text to learn from: one document or more, in memory or in files, which may be larger than memory.
 *
 * <p>Files are read once when the corpus is made, to find those that are no text, and again when
 * documents or ids are asked for; they must not change in between. A file whose name ends with
 * {@code .gz} is unpacked. A file of JSON lines, {@code .jsonl} or {@code .ndjson}, has a document
 * on each line, the string that its object has under {@code text}. Any other file is one document,
 * as it stands. Text is UTF-8; a byte order mark at the start of a file is dropped, and so are
 * empty documents.
 */
public final class Corpus {

    /**
     * A file of a folder that is not part of a corpus.
     *
     * @param file the file
     * @param reason why, to be read after its name, such as "is not UTF-8 at byte offset 3 (0xE9)"
     */
    public record LeftOut(Path file, String reason) {}

    private final List<TextSource> sources;
    private final long bytes;
    private final SortedMap<Integer, Long> characters;
    private final List<LeftOut> leftOut;

    /**
     * Makes a corpus of documents in memory.
     *
     * @param documents the documents in order, at least one, none of them empty
     * @throws IllegalArgumentException if there are no documents, or one is empty or holds an
     *     unpaired surrogate
     */
    public Corpus(List<String> documents) {
        this(new CorpusSurvey(), inMemory(documents));
    }

    private Corpus(CorpusSurvey survey, List<TextSource> documents) {
        this(survey.read(documents, 1), survey.characters(), List.of());
    }

    /** Makes a corpus of what was found to be text. */
    Corpus(
            List<CorpusSurvey.Finding> text,
            SortedMap<Integer, Long> characters,
            List<LeftOut> leftOut) {
        sources = text.stream().map(CorpusSurvey.Finding::source).toList();
        bytes = text.stream().mapToLong(CorpusSurvey.Finding::bytes).sum();
        this.characters = Collections.unmodifiableSortedMap(characters);
        this.leftOut = List.copyOf(leftOut);
    }

    private static List<TextSource> inMemory(List<String> documents) {
        int empty = documents.indexOf("");
        if (documents.isEmpty() || empty >= 0) {
            throw new IllegalArgumentException(
                    documents.isEmpty()
                            ? "a corpus of 0 documents is empty; give at least 1"
                            : "document " + empty + " is empty; leave it out");
        }
        List<TextSource> sources = new ArrayList<>();
        for (String document : documents) {
            sources.add(new TextSource.InMemory("document " + sources.size(), document));
        }
        return sources;
    }

    /**
     * Reads a text file, or the files of a folder and its folders, as {@link CorpusBuilder#addPath}
     * says.
     *
     * @param fileOrFolder the file or folder
     * @return the corpus
     * @throws IllegalArgumentException as {@link CorpusBuilder#build}
     * @throws IOException if a folder can't be listed
     */
    public static Corpus read(Path fileOrFolder) throws IOException {
        return builder().addPath(fileOrFolder).build();
    }

    /**
     * Starts a corpus of files.
     *
     * @return a builder without paths, of which at least one must be added
     */
    public static CorpusBuilder builder() {
        return new CorpusBuilder();
    }

    /**
     * Returns a corpus that needs no download: the Java sources of DJL's API, without their licence
     * comments, one document a file, sorted by path.
     *
     * @return the corpus; about 2.3 million characters in 489 documents for DJL 0.36.0
     * @throws IllegalStateException if the classes were built without Maven, which packs the
     *     sources beside them
     * @throws IOException if reading it fails
     */
    public static Corpus djlSources() throws IOException {
        return new Corpus(DjlSources.read(Corpus.class.getClassLoader()));
    }

    /**
     * Returns the documents.
     *
     * @return the documents in order, all in memory
     * @throws UncheckedIOException if a file can't be read any more
     */
    public List<String> documents() {
        List<String> all = new ArrayList<>();
        try (TextSource.Documents documents = open()) {
            InputStream next = documents.next();
            while (next != null) {
                String document = TextFile.decode(next.readAllBytes(), 0);
                if (!document.isEmpty()) {
                    all.add(document);
                }
                next = documents.next();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return List.copyOf(all);
    }

    /**
     * Returns the documents as one text. A document that does not end with a line feed gets one,
     * the last excepted.
     *
     * @return the text, in memory
     * @throws UncheckedIOException if a file can't be read any more
     */
    public String text() {
        StringBuilder text = new StringBuilder();
        for (String document : documents()) {
            if (!text.isEmpty() && text.charAt(text.length() - 1) != '\n') {
                text.append('\n');
            }
            text.append(document);
        }
        return text.toString();
    }

    /**
     * Returns the tokens of this corpus, in memory. {@link CorpusEncoder} is for those that need
     * more room, or threads, or to know how far it is.
     *
     * @param tokenizer the tokenizer
     * @return the tokens
     * @throws IllegalArgumentException if the tokenizer has no id for something in the text
     * @throws UncheckedIOException if a file can't be read any more
     */
    public Tokens encode(Tokenizer tokenizer) {
        return CorpusEncoder.builder().setCorpus(this).setTokenizer(tokenizer).build().tokens();
    }

    /**
     * Returns the size of the text.
     *
     * @return the bytes of all documents in UTF-8
     */
    public long bytes() {
        return bytes;
    }

    /**
     * Returns the characters of the text, those between documents included.
     *
     * @return the code points and how often each comes, sorted by code point
     */
    public SortedMap<Integer, Long> characters() {
        return characters;
    }

    /**
     * Returns what files were taken for, such as "plain text" or "JSON lines".
     *
     * @return the number of files of each kind, by a few words for a person; empty for a corpus
     *     that is not from files
     */
    public SortedMap<String, Integer> formats() {
        SortedMap<String, Integer> formats = new TreeMap<>();
        for (TextSource source : sources) {
            if (source instanceof TextFile file) {
                formats.merge(file.format(), 1, Integer::sum);
            }
        }
        return formats;
    }

    /**
     * Returns which files of folders are not part of this corpus, and why. Those that were not
     * asked for, or are empty or hidden, are not among them.
     *
     * @return the files and the reasons
     */
    public List<LeftOut> leftOut() {
        return leftOut;
    }

    /** Opens all documents. */
    TextSource.Documents open() {
        Iterator<TextSource> rest = sources.iterator();
        return new TextSource.Documents() {
            private TextSource.Documents documents;

            @Override
            public InputStream next() throws IOException {
                while (true) {
                    InputStream next = documents == null ? null : documents.next();
                    if (next != null || !rest.hasNext()) {
                        return next;
                    }
                    close();
                    documents = rest.next().open();
                }
            }

            @Override
            public void close() throws IOException {
                if (documents != null) {
                    documents.close();
                }
            }
        };
    }
}
