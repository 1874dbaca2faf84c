package org.djlgpt.jinja;

import java.util.List;
import java.util.Map;

/** Values as Python's {@code json.dumps} writes them. */
final class JsonText {

    private final Python python;
    private final String indent; // null for one line
    private final String afterItem;
    private final String afterKey;
    private final boolean ascii;
    private final boolean sorted;
    private final StringBuilder text = new StringBuilder();

    private JsonText(Python python, Arguments arguments) {
        arguments.allow("ensure_ascii", "indent", "separators", "sort_keys");
        this.python = python;
        Object width = arguments.get(1, "indent", null);
        indent =
                width == null
                        ? null
                        : width instanceof String s
                                ? s
                                : " ".repeat((int) Math.max(0, Math.min(Python.whole(width), 100)));
        Object separators = arguments.get(2, "separators", null);
        List<Object> between =
                separators == null
                        ? List.of(indent == null ? ", " : ",", ": ")
                        : python.list(separators);
        if (between.size() != 2) {
            throw new TemplateError("separators are %d strings, but must be 2", between.size());
        }
        afterItem = Python.string(between.get(0), "separators");
        afterKey = Python.string(between.get(1), "separators");
        ascii = Python.truth(arguments.get(0, "ensure_ascii", false));
        sorted = Python.truth(arguments.get(3, "sort_keys", false));
    }

    /** Returns {@code value|tojson}, with the arguments that transformers takes. */
    static String of(Python python, Object value, Arguments arguments) {
        JsonText json = new JsonText(python, arguments);
        json.append(value, 0);
        return json.text.toString();
    }

    private void append(Object value, int level) {
        int before = text.length();
        if (value == null) {
            text.append("null");
        } else if (value instanceof Boolean || value instanceof Long) {
            text.append(value);
        } else if (value instanceof Double number) {
            text.append(Text.of(number).replace("inf", "Infinity").replace("nan", "NaN"));
        } else if (value instanceof String string) {
            appendString(string);
        } else if (value instanceof List<?> || value instanceof Map<?, ?>) {
            python.budget().enter();
            appendItems(value, level + 1);
            python.budget().leave();
            return;
        } else {
            throw value instanceof Undefined undefined
                    ? undefined.error()
                    : new TemplateError("%s can't be written as JSON", Python.name(value));
        }
        python.budget().make(text.length() - before);
    }

    private void appendItems(Object value, int level) {
        Map<?, ?> map = value instanceof Map<?, ?> m ? m : null;
        List<Object> items = python.list(value);
        if (map != null && sorted) {
            items.sort(python::compare);
        }
        text.append(map == null ? '[' : '{');
        String between = "";
        for (Object item : items) {
            text.append(between);
            breakLine(level);
            if (map == null) {
                append(item, level);
            } else {
                appendString(item instanceof Long ? item.toString() : Python.string(item, "a key"));
                text.append(afterKey);
                append(map.get(item), level);
            }
            between = afterItem;
        }
        if (!items.isEmpty()) {
            breakLine(level - 1);
        }
        text.append(map == null ? ']' : '}');
    }

    private void breakLine(int level) {
        if (indent != null) {
            python.budget().make((long) indent.length() * level + 1);
            text.append('\n').append(indent.repeat(level));
        }
    }

    private void appendString(String string) {
        text.append('"');
        for (char c : string.toCharArray()) {
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\f' -> text.append("\\f");
                case '\b' -> text.append("\\b");
                default -> {
                    if (c < ' ' || ascii && c > '~') {
                        text.append("\\u%04x".formatted((int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }
}
