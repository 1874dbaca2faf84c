package org.djlgpt.text;

/** The range of ids that a tokenizer knows. */
final class Vocabulary {

    private Vocabulary() {}

    static void check(int id, int vocabSize) {
        if (id < 0 || id >= vocabSize) {
            throw new IllegalArgumentException(
                    "id="
                            + id
                            + " is outside the vocabulary; vocabSize="
                            + vocabSize
                            + " allows 0 to "
                            + (vocabSize - 1));
        }
    }
}
