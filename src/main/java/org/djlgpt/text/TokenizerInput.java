package org.djlgpt.text;

/** What a tokenizer takes: Unicode text, and the ids that it knows. */
final class TokenizerInput {

    private TokenizerInput() {}

    /** Refuses strings that are not Unicode text, which UTF-8 can't carry without loss. */
    static void requireText(String text) {
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (!Character.isSurrogate(unit)) {
                continue;
            }
            boolean paired =
                    Character.isHighSurrogate(unit)
                            && i + 1 < text.length()
                            && Character.isLowSurrogate(text.charAt(i + 1));
            if (!paired) {
                throw new IllegalArgumentException(
                        String.format(
                                "text has the unpaired surrogate U+%04X at index %d, so it is not"
                                    + " Unicode text; don't cut strings between the two chars of a"
                                    + " character",
                                (int) unit, i));
            }
            i++;
        }
    }

    /** Returns a code point as messages have it. */
    static String describe(int character) {
        String shown =
                Character.isISOControl(character) ? "" : "'" + Character.toString(character) + "' ";
        return shown + String.format("(U+%04X)", character);
    }

    static void requireId(int id, int vocabSize) {
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
