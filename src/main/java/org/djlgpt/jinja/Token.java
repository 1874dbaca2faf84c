package org.djlgpt.jinja;

/**
 * A piece of a template's source.
 *
 * @param kind what it is
 * @param text its characters; of a string what they stand for
 * @param line where it begins, from 1
 */
record Token(Kind kind, String text, int line) {

    /** What a token is. */
    enum Kind {
        /** Text between tags. */
        DATA,
        OUTPUT_BEGIN,
        OUTPUT_END,
        TAG_BEGIN,
        TAG_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        /** After the last one. */
        END
    }

    boolean is(Kind other, String content) {
        return kind == other && text.equals(content);
    }

    boolean isOperator(String operator) {
        return is(Kind.OPERATOR, operator);
    }

    boolean isName(String name) {
        return is(Kind.NAME, name);
    }

    @Override
    public String toString() {
        return switch (kind) {
            case OUTPUT_END -> "}}";
            case TAG_END -> "%}";
            case END -> "the end of the template";
            default -> text;
        };
    }
}
