package org.djlgpt.jinja;

import java.math.BigDecimal;
import java.util.Locale;

/** Strings as Python has them. */
final class Text {

    private static final String ESCAPED = "ntrabfv\\'\"\n";
    private static final String[] ESCAPES = {
        "\n", "\t", "\r", "\u0007", "\b", "\f", "\u000b", "\\", "'", "\"", ""
    };

    private Text() {}

    /** Tells what {@code str.isspace} does of a character. */
    static boolean isSpace(char c) {
        return c == ' '
                || c >= '\t' && c <= '\r'
                || c >= 0x1c && c <= 0x1f
                || c == 0x85
                || c == 0xa0
                || c > 0xff && Character.isSpaceChar(c);
    }

    /** Tells whether there is nothing but white space, and some of it. */
    static boolean isSpace(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> isSpace((char) c));
    }

    static String stripEnd(String text) {
        return strip(text, null, false, true);
    }

    /**
     * Takes characters from the ends.
     *
     * @param characters which; null for white space
     */
    static String strip(String text, String characters, boolean start, boolean end) {
        int from = 0;
        int to = text.length();
        while (start && from < to && isStripped(text.charAt(from), characters)) {
            from++;
        }
        while (end && from < to && isStripped(text.charAt(to - 1), characters)) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean isStripped(char c, String characters) {
        return characters == null ? isSpace(c) : characters.indexOf(c) >= 0;
    }

    /** Returns what a string literal stands for. */
    static String unescape(String literal, int line) {
        StringBuilder text = new StringBuilder(literal.length());
        for (int i = 0; i < literal.length(); i++) {
            char c = literal.charAt(i);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            char escaped = literal.charAt(++i);
            int simple = ESCAPED.indexOf(escaped);
            int digits = "xuU".indexOf(escaped) < 0 ? 0 : 2 << "xuU".indexOf(escaped);
            if (simple >= 0) {
                text.append(ESCAPES[simple]);
            } else if (digits > 0) {
                text.appendCodePoint(codePoint(literal, i + 1, digits, line));
                i += digits;
            } else if (escaped >= '0' && escaped <= '7' || escaped == 'N') {
                throw TemplateError.at(line, "the escape \\%s is not supported", escaped);
            } else {
                text.append(c).append(escaped);
            }
        }
        return text.toString();
    }

    private static int codePoint(String literal, int from, int digits, int line) {
        int to = from + digits;
        String hex = to <= literal.length() ? literal.substring(from, to) : "";
        if (!hex.matches("[0-9a-fA-F]+")
                || !Character.isValidCodePoint((int) Long.parseLong(hex, 16))) {
            throw TemplateError.at(line, "a string has a malformed escape");
        }
        return Integer.parseInt(hex, 16);
    }

    /** Returns {@code repr} of a string. */
    static String quoted(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder quoted = new StringBuilder().append(quote);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '\n' -> quoted.append("\\n");
                case '\t' -> quoted.append("\\t");
                case '\r' -> quoted.append("\\r");
                default -> {
                    if (c == quote || c == '\\') {
                        quoted.append('\\').append(c);
                    } else if (Character.isISOControl(c) || c == 0xa0 || c == 0xad) {
                        quoted.append("\\x%02x".formatted((int) c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append(quote).toString();
    }

    /** Returns {@code repr} of a float. */
    static String of(double number) {
        if (!Double.isFinite(number)) {
            return Double.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }
        double size = Math.abs(number);
        if (size == 0) {
            return Double.toString(number);
        }
        if (size >= 1e-4 && size < 1e16) {
            String plain = new BigDecimal(Double.toString(number)).toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        String[] parts = Double.toString(number).split("E");
        int exponent = Integer.parseInt(parts[1]);
        String digits =
                parts[0].endsWith(".0") ? parts[0].substring(0, parts[0].length() - 2) : parts[0];
        return "%se%s%02d".formatted(digits, exponent < 0 ? "-" : "+", Math.abs(exponent));
    }

    /** Returns the text with every word's first letter large and its others small. */
    static String title(String text) {
        StringBuilder title = new StringBuilder(text.length());
        boolean inside = false;
        for (int c : text.codePoints().toArray()) {
            title.appendCodePoint(inside ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inside = Character.isLetter(c);
        }
        return title.toString();
    }

    /** Returns the text with its first letter large and all others small. */
    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.codePointAt(0);
        return Character.toString(Character.toTitleCase(first))
                + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
    }
}
