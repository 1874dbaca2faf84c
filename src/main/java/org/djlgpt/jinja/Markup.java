package org.djlgpt.jinja;

/**
 * A string that a template marks as safe: one that is added to it is escaped for HTML first, as
 * jinja2 does even where a template writes no HTML.
 *
 * @param text its characters
 */
record Markup(String text) {

    static Markup join(Python python, Object left, Object right) {
        String joined = escaped(python, left) + escaped(python, right);
        python.budget().make(joined.length());
        return new Markup(joined);
    }

    private static String escaped(Python python, Object value) {
        String text = python.text(value);
        return value instanceof Markup
                ? text
                : text.replace("&", "&amp;")
                        .replace(">", "&gt;")
                        .replace("<", "&lt;")
                        .replace("'", "&#39;")
                        .replace("\"", "&#34;");
    }
}
