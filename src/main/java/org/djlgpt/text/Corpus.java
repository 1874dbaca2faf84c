package org.djlgpt.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * A text to learn from: one document or more.
 *
 * @param documents the documents in order, at least one, none of them empty
 */
public record Corpus(List<String> documents) {

    /**
     * Copies the list.
     *
     * @param documents the documents in order, at least one, none of them empty
     * @throws IllegalArgumentException if there are no documents or one is empty
     */
    public Corpus {
        documents = List.copyOf(documents);
        int empty = documents.indexOf("");
        if (documents.isEmpty() || empty >= 0) {
            throw new IllegalArgumentException(
                    documents.isEmpty()
                            ? "a corpus of 0 documents is empty; give at least 1"
                            : "document " + empty + " is empty; leave it out");
        }
    }

    /**
     * Reads a text file, or every file of a folder and its folders as a document.
     *
     * <p>Text is UTF-8; a byte order mark at the start of a file is dropped. In a folder, files and
     * folders whose names start with a dot and empty files are left out, and the order is that of
     * the paths below the folder, compared character by character with {@code /} between the names,
     * so it is the same on every system.
     *
     * @param fileOrFolder the file or folder
     * @return the corpus
     * @throws IllegalArgumentException if the path is missing, a file is empty or can't be read, a
     *     folder holds no text, or a file is not UTF-8, naming it and the offset of the offending
     *     byte
     * @throws IOException if reading fails
     */
    public static Corpus read(Path fileOrFolder) throws IOException {
        if (Files.isDirectory(fileOrFolder)) {
            List<String> documents = new ArrayList<>();
            for (Path file : TextFile.below(fileOrFolder)) {
                String text = TextFile.read(file);
                if (!text.isEmpty()) {
                    documents.add(text);
                }
            }
            if (documents.isEmpty()) {
                throw new IllegalArgumentException(
                        "folder "
                                + fileOrFolder.toAbsolutePath()
                                + " holds no text; add a text file");
            }
            return new Corpus(documents);
        }
        String text = TextFile.read(fileOrFolder);
        if (text.isEmpty()) {
            throw new IllegalArgumentException(
                    fileOrFolder.toAbsolutePath() + " is empty; give a file with text");
        }
        return new Corpus(List.of(text));
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
     * Returns the documents as one text. A document that does not end with a line feed gets one,
     * the last excepted.
     *
     * @return the text
     */
    public String text() {
        StringBuilder text = new StringBuilder();
        for (String document : documents) {
            if (!text.isEmpty() && text.charAt(text.length() - 1) != '\n') {
                text.append('\n');
            }
            text.append(document);
        }
        return text.toString();
    }

    /**
     * Returns the tokens of this corpus. A tokenizer with an end-of-text id has it between the
     * documents, as GPT-2 was trained; any other encodes {@link #text()}.
     *
     * @param tokenizer the tokenizer
     * @return the tokens, in memory
     * @throws IllegalArgumentException if the tokenizer has no id for something in the text
     */
    public Tokens encode(Tokenizer tokenizer) {
        OptionalInt endOfText = tokenizer.endOfText();
        if (endOfText.isEmpty()) {
            return Tokens.of(tokenizer.encode(text()));
        }
        List<int[]> pieces = new ArrayList<>();
        for (String document : documents) {
            if (!pieces.isEmpty()) {
                pieces.add(new int[] {endOfText.getAsInt()});
            }
            pieces.add(tokenizer.encode(document));
        }
        return Tokens.of(pieces.stream().flatMapToInt(Arrays::stream).toArray());
    }
}
