package org.djlgpt.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/** Those of the {@link Filters} that go through the items of a value: choose, order, join. */
final class ItemFilters {

    private ItemFilters() {}

    static Object first(Iterable<?> items) {
        return items.iterator().hasNext()
                ? items.iterator().next()
                : new Undefined("No first item, sequence was empty.");
    }

    static Object last(Python python, Object value) {
        return first(reversed(python, value));
    }

    private static List<Object> reversed(Python python, Object value) {
        List<Object> items = python.list(value);
        Collections.reverse(items);
        return items;
    }

    static Object reverse(Python python, Object value, Arguments arguments) {
        List<Object> items = reversed(python, value);
        return value instanceof String ? Methods.join(python, "", items) : items;
    }

    static Object items(Python python, Object value, Arguments arguments) {
        if (value instanceof Undefined) {
            return List.of();
        }
        if (value instanceof Map<?, ?> map) {
            return Methods.items(python, map);
        }
        throw new TemplateError(
                "items of %s are asked for, but only a map has them", Python.name(value));
    }

    static Object sortedItems(Python python, Object value, Arguments arguments) {
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

    static Object sort(Python python, Object value, Arguments arguments) {
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
                    python.budget().spend(1);
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
                python.budget().spend(1);
                part =
                        Access.item(
                                python, part, step.matches("\\d{1,9}") ? Long.valueOf(step) : step);
            }
        }
        return part;
    }

    static Object join(Python python, Object value, Arguments arguments) {
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

    static Object map(Python python, Object value, Arguments arguments) {
        List<Object> items = new ArrayList<>();
        Object attribute = arguments.named().get("attribute");
        boolean hasDefault = arguments.named().containsKey("default");
        Filters.Filter filter =
                attribute == null ? Filters.find(arguments.string(0, "filter")) : null;
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

    static Object select(
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

    static Object unique(Python python, Object value, Arguments arguments) {
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

    static Object extreme(Python python, Object value, Arguments arguments, int sign) {
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
}
