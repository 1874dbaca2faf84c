package org.djlgpt.jinja;

import java.util.Locale;
import java.util.Map;

/** What stands behind a bar: {@code value | name(arguments)}. */
final class Filters {

    private static final Map<String, Filter> BY_NAME =
            Map.ofEntries(
                    Map.entry("capitalize", (p, value, a) -> Text.capitalize(p.text(value))),
                    Map.entry("count", Filters::length),
                    Map.entry("d", Filters::otherwise),
                    Map.entry("default", Filters::otherwise),
                    Map.entry("dictsort", ItemFilters::sortedItems),
                    Map.entry("first", (p, value, a) -> ItemFilters.first(p.iterate(value))),
                    Map.entry("float", Filters::toFloat),
                    Map.entry("format", Filters::format),
                    Map.entry("indent", Filters::indent),
                    Map.entry("int", Filters::toInt),
                    Map.entry("items", ItemFilters::items),
                    Map.entry("join", ItemFilters::join),
                    Map.entry("last", (p, value, a) -> ItemFilters.last(p, value)),
                    Map.entry("length", Filters::length),
                    Map.entry("list", (p, value, a) -> p.list(value)),
                    Map.entry("lower", (p, value, a) -> p.text(value).toLowerCase(Locale.ROOT)),
                    Map.entry("map", ItemFilters::map),
                    Map.entry("max", (p, value, a) -> ItemFilters.extreme(p, value, a, 1)),
                    Map.entry("min", (p, value, a) -> ItemFilters.extreme(p, value, a, -1)),
                    Map.entry(
                            "reject",
                            (p, value, a) -> ItemFilters.select(p, value, a, false, false)),
                    Map.entry(
                            "rejectattr",
                            (p, value, a) -> ItemFilters.select(p, value, a, true, false)),
                    Map.entry("replace", (p, value, a) -> Methods.replace(p, p.text(value), a)),
                    Map.entry("reverse", ItemFilters::reverse),
                    Map.entry("safe", (p, value, a) -> new Markup(p.text(value))),
                    Map.entry(
                            "select",
                            (p, value, a) -> ItemFilters.select(p, value, a, false, true)),
                    Map.entry(
                            "selectattr",
                            (p, value, a) -> ItemFilters.select(p, value, a, true, true)),
                    Map.entry("sort", ItemFilters::sort),
                    Map.entry(
                            "string",
                            (p, value, a) -> value instanceof Markup ? value : p.text(value)),
                    Map.entry("title", (p, value, a) -> Text.title(p.text(value))),
                    Map.entry("tojson", JsonText::of),
                    Map.entry("trim", Filters::trim),
                    Map.entry("unique", ItemFilters::unique),
                    Map.entry("upper", (p, value, a) -> p.text(value).toUpperCase(Locale.ROOT)));

    /** Makes a value of another. */
    @FunctionalInterface
    interface Filter {

        Object apply(Python python, Object value, Arguments arguments);
    }

    private Filters() {}

    /** Returns a filter; one that there is not is refused when it is reached, as in jinja2. */
    static Filter find(String name) {
        return BY_NAME.getOrDefault(
                name,
                (python, value, arguments) -> {
                    throw new TemplateError("the filter %s is not supported", name);
                });
    }

    private static Object length(Python python, Object value, Arguments arguments) {
        if (value instanceof String text) {
            return (long) text.codePointCount(0, text.length());
        }
        return (long) python.iterate(value).size();
    }

    private static Object otherwise(Python python, Object value, Arguments arguments) {
        arguments.allow("default_value", "boolean");
        boolean falseToo = Python.truth(arguments.get(1, "boolean", false));
        boolean missing = value instanceof Undefined || falseToo && !Python.truth(value);
        return missing ? arguments.get(0, "default_value", "") : value;
    }

    private static Object trim(Python python, Object value, Arguments arguments) {
        Object characters = arguments.allow("chars").get(0, "chars", null);
        return Text.strip(
                python.text(value),
                characters == null ? null : Python.string(characters, "chars"),
                true,
                true);
    }

    private static Object format(Python python, Object value, Arguments arguments) {
        return Formats.percent(python, python.text(value), arguments.positional());
    }

    private static Object indent(Python python, Object value, Arguments arguments) {
        arguments.allow("width", "first", "blank");
        Object width = arguments.get(0, "width", 4L);
        String indent =
                width instanceof String s
                        ? s
                        : " ".repeat((int) Math.max(0, Math.min(Python.whole(width), 100)));
        boolean first = Python.truth(arguments.get(1, "first", false));
        boolean blank = Python.truth(arguments.get(2, "blank", false));
        StringBuilder text = new StringBuilder();
        String[] lines = python.text(value).split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            boolean indented = (i > 0 || first) && (blank || !lines[i].isEmpty() || i == 0);
            python.budget().make((long) indent.length() + lines[i].length());
            text.append(i > 0 ? "\n" : "").append(indented ? indent : "").append(lines[i]);
        }
        return text.toString();
    }

    private static Object toInt(Python python, Object value, Arguments arguments) {
        Object otherwise = arguments.allow("default").get(0, "default", 0L);
        if (value instanceof String text) {
            String digits = Text.strip(text, null, true, true);
            return digits.matches("[+-]?\\d{1,18}") ? (Object) Long.valueOf(digits) : otherwise;
        }
        return value instanceof Double real
                ? (Object) real.longValue()
                : Python.isNumber(value) ? (Object) Python.whole(value) : otherwise;
    }

    private static Object toFloat(Python python, Object value, Arguments arguments) {
        Object otherwise = arguments.allow("default").get(0, "default", 0.0);
        try {
            return value instanceof String text
                    ? (Object) Double.valueOf(text)
                    : Python.isNumber(value) ? (Object) Python.real(value) : otherwise;
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }
}
