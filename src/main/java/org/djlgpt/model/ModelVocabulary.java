package org.djlgpt.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;

/** What a model's token ids mean, as its folder keeps it. */
public interface ModelVocabulary {

    /**
     * Returns the number of ids.
     *
     * @return the size of the vocabulary, at least 1
     */
    int vocabSize();

    /**
     * Returns the id that separates documents and tells a generator to stop.
     *
     * @return the id, or empty if there is none
     */
    OptionalInt endOfText();

    /**
     * Writes the vocabulary into a model folder.
     *
     * @param directory the folder, created if it is missing; files of an earlier vocabulary of the
     *     same kind are replaced
     * @throws IOException if the folder can't be written
     */
    void save(Path directory) throws IOException;
}
