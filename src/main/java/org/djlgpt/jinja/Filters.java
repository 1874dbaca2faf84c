package org.djlgpt.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/** What stands behind a bar: {@code value | name(arguments)}. */
final class Filters {

    private static final Map<String, Filter> BY_NAME =
            Map.ofEntries(
                    Map.entry("capitalize", (p, value, a) -> Text.capitalize(p.text(value))),
                    Map.entry("count", Filters::length),
                    Map.entry("d", Filters::otherwise),
                    Map.entry("default", Filters::otherwise),
                    Map.entry("dictsort", Filters::sortedItems),
                    Map.entry("first", (p, value, a) -> first(p.iterate(value))),
                    Map.entry("float", Filters::toFloat),
                    Map.entry("format", Filters::format),
                    Map.entry("indent", Filters::indent),
                    Map.entry("int", Filters::toInt),
                    Map.entry("items", Filters::items),
                    Map.entry("join", Filters::join),
                    Map.entry("last", (p, value, a) -> first(reversed(p, value))),
                    Map.entry("length", Filters::length),
                    Map.entry("list", (p, value, a) -> p.list(value)),
                    Map.entry("lower", (p, value, a) -> p.text(value).toLowerCase(Locale.ROOT)),
                    Map.entry("map", Filters::map),
                    Map.entry("max", (p, value, a) -> extreme(p, value, a, 1)),
                    Map.entry("min", (p, value, a) -> extreme(p, value, a, -1)),
                    Map.entry("reject", (p, value, a) -> select(p, value, a, false, false)),
                    Map.entry("rejectattr", (p, value, a) -> select(p, value, a, true, false)),
                    Map.entry("replace", (p, value, a) -> Methods.replace(p, p.text(value), a)),
                    Map.entry("reverse", Filters::reverse),
                    Map.entry("safe", (p, value, a) -> new Markup(p.text(value))),
                    Map.entry("select", (p, value, a) -> select(p, value, a, false, true)),
                    Map.entry("selectattr", (p, value, a) -> select(p, value, a, true, true)),
                    Map.entry("sort", Filters::sort),
                    Map.entry(
                            "string",
                            (p, value, a) -> value instanceof Markup ? value : p.text(value)),
                    Map.entry("title", (p, value, a) -> Text.title(p.text(value))),
                    Map.entry("tojson", JsonText::of),
                    Map.entry("trim", Filters::trim),
                    Map.entry("unique", Filters::unique),
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

    private static Object first(Iterable<?> items) {
        return items.iterator().hasNext()
                ? items.iterator().next()
                : new Undefined("No first item, sequence was empty.");
    }

    private static List<Object> reversed(Python python, Object value) {
        List<Object> items = python.list(value);
        Collections.reverse(items);
        return items;
    }

    private static Object reverse(Python python, Object value, Arguments arguments) {
        List<Object> items = reversed(python, value);
        return value instanceof String ? Methods.join(python, "", items) : items;
    }

    private static Object items(Python python, Object value, Arguments arguments) {
        if (value instanceof Undefined) {
            return List.of();
        }
        if (value instanceof Map<?, ?> map) {
            return Methods.items(python, map);
        }
        throw new TemplateError(
                "items of %s are asked for, but only a map has them", Python.name(value));
    }

    private static Object sortedItems(Python python, Object value, Arguments arguments) {
        arguments.allow("case_sensitive", "by", "reverse");
        boolean exact = Python.truth(arguments.get(0, "case_sensitive", false));
        int by = "value".equals(arguments.get(1, "by", "key")) ? 1 : 0;
        List<Object> items = python.list(items(python, value, arguments));
        return sorted(
                python,
                items,
                item -> ((Tuple) item).get(by),
                exact,
                Python.truth(arguments.get(2, "reverse", false)));
    }

    private static Object sort(Python python, Object value, Arguments arguments) {
        arguments.allow("reverse", "case_sensitive", "attribute");
        Object attribute = arguments.get(2, "attribute", null);
        return sorted(
                python,
                python.list(value),
                item -> part(python, item, attribute),
                Python.truth(arguments.get(1, "case_sensitive", false)),
                Python.truth(arguments.get(0, "reverse", false)));
    }

    private static List<Object> sorted(
            Python python, List<Object> items, Part key, boolean exact, boolean reverse) {
        Comparator<Object> order =
                (left, right) -> {
                    python.spend(1);
                    return python.compare(
                            folded(key.of(left), exact), folded(key.of(right), exact));
                };
        items.sort(reverse ? order.reversed() : order);
        return items;
    }

    private static Object folded(Object value, boolean exact) {
        return value instanceof String text && !exact ? text.toLowerCase(Locale.ROOT) : value;
    }

    /** What a list is sorted by. */
    @FunctionalInterface
    private interface Part {

        Object of(Object item);
    }

    /** Follows a path such as {@code a.b.0}; without one it is the value itself. */
    private static Object part(Python python, Object value, Object path) {
        Object part = value;
        if (path != null) {
            for (String step : python.text(path).split("\\.")) {
                python.spend(1);
                part =
                        Access.item(
                                python, part, step.matches("\\d{1,9}") ? Long.valueOf(step) : step);
            }
        }
        return part;
    }

    private static Object join(Python python, Object value, Arguments arguments) {
        arguments.allow("d", "attribute");
        Object attribute = arguments.get(1, "attribute", null);
        List<Object> parts = new ArrayList<>();
        for (Object item : python.iterate(value)) {
            parts.add(part(python, item, attribute));
        }
        return Methods.join(
                python,
                arguments.get(0, "d", "") instanceof String s ? s : arguments.string(0, "d"),
                parts);
    }

    private static Object map(Python python, Object value, Arguments arguments) {
        List<Object> items = new ArrayList<>();
        Object attribute = arguments.named().get("attribute");
        boolean hasDefault = arguments.named().containsKey("default");
        Filter filter = attribute == null ? find(arguments.string(0, "filter")) : null;
        for (Object item : chosenFrom(python, value)) {
            Object part =
                    filter == null
                            ? part(python, item, attribute)
                            : filter.apply(python, item, arguments.rest());
            items.add(
                    part instanceof Undefined && hasDefault
                            ? arguments.named().get("default")
                            : part);
        }
        return items;
    }

    private static Object select(
            Python python, Object value, Arguments arguments, boolean byAttribute, boolean chosen) {
        Arguments test = byAttribute ? arguments.rest() : arguments;
        Object attribute = byAttribute ? arguments.require(0, "attribute") : null;
        Predicate<Object> holds = Tests.of(python, test);
        List<Object> items = new ArrayList<>();
        for (Object item : chosenFrom(python, value)) {
            if (holds.test(part(python, item, attribute)) == chosen) {
                items.add(item);
            }
        }
        return items;
    }

    /** Of nothing there is nothing to choose from, be it None. */
    private static List<Object> chosenFrom(Python python, Object value) {
        return Python.truth(value) ? python.list(value) : List.of();
    }

    private static Object unique(Python python, Object value, Arguments arguments) {
        List<Object> items = new ArrayList<>();
        List<Object> known = new ArrayList<>();
        for (Object item : python.list(value)) {
            if (!python.contains(known, folded(item, false))) {
                known.add(folded(item, false));
                items.add(item);
            }
        }
        return items;
    }

    private static Object extreme(Python python, Object value, Arguments arguments, int sign) {
        arguments.allow();
        Object extreme = first(python.iterate(value));
        for (Object item : python.iterate(value)) {
            extreme =
                    sign * python.compare(folded(item, false), folded(extreme, false)) > 0
                            ? item
                            : extreme;
        }
        return extreme;
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
            python.make((long) indent.length() + lines[i].length());
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
