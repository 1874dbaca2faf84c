package org.djlgpt.plot;

import java.util.stream.Collectors;

/** What a token looks like in a picture: one line in which nothing is invisible. */
final class TokenLabel {

    private static final int LONGEST = 20;
    private static final String ELLIPSIS = "\u2026";
    private static final int DOTTED_CIRCLE = 0x25CC;
    private static final int REPLACEMENT = 0xFFFD;

    private TokenLabel() {}

    /** Shows a token whole: {@code " the\n"} becomes {@code ␣the⏎}. */
    static String of(String token) {
        return token.codePoints().mapToObj(TokenLabel::visible).collect(Collectors.joining());
    }

    /** Shows at most 20 characters of a token, the last an ellipsis if there are more. */
    static String shortened(String token) {
        String label = of(token);
        if (label.codePointCount(0, label.length()) <= LONGEST) {
            return label;
        }
        return label.substring(0, label.offsetByCodePoints(0, LONGEST - 1)) + ELLIPSIS;
    }

    private static String visible(int character) {
        return switch (character) {
            case ' ' -> "\u2423";
            case '\n' -> "\u23CE";
            case '\r' -> "\u240D";
            case '\t' -> "\u21E5";
            case 0x7F -> "\u2421";
            default -> character < ' ' ? Character.toString(0x2400 + character) : byType(character);
        };
    }

    private static String byType(int character) {
        return switch (Character.getType(character)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK ->
                    Character.toString(DOTTED_CIRCLE) + Character.toString(character);
            case Character.SURROGATE -> Character.toString(REPLACEMENT);
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SPACE_SEPARATOR,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED ->
                    "U+%04X".formatted(character);
            default -> Character.toString(character);
        };
    }
}
