package org.djlgpt.text;

/** Refuses strings that are not Unicode text, which UTF-8 can't carry without loss. */
final class UnpairedSurrogates {

    private UnpairedSurrogates() {}

    static void reject(String text) {
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
}
