package org.djlgpt.jinja;

/** What is wrong with a template, or with what it is given. */
final class TemplateError extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int line;

    /** For the statement that is being executed. */
    TemplateError(String message, Object... values) {
        this(0, message.formatted(values));
    }

    private TemplateError(int line, String message) {
        super(message, null, false, false);
        this.line = line;
    }

    /** For a place in the source. */
    static TemplateError at(int line, String message, Object... values) {
        return new TemplateError(line, message.formatted(values));
    }

    int line(int otherwise) {
        return line == 0 ? otherwise : line;
    }
}
