package org.djlgpt.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/**
 * The methods of strings, lists and maps. Those that change a list or map are missing, as in
 * jinja2's immutable sandbox.
 */
final class Methods {

    private static final Set<String> CHANGES =
            Set.of(
                    "append",
                    "extend",
                    "insert",
                    "pop",
                    "remove",
                    "clear",
                    "reverse",
                    "sort",
                    "update",
                    "setdefault",
                    "popitem");

    private static final Map<String, Method<String>> OF_STRINGS =
            Map.ofEntries(
                    Map.entry("strip", (p, text, a) -> strip(text, a, true, true)),
                    Map.entry("lstrip", (p, text, a) -> strip(text, a, true, false)),
                    Map.entry("rstrip", (p, text, a) -> strip(text, a, false, true)),
                    Map.entry("split", (p, text, a) -> split(p, text, a, false)),
                    Map.entry("rsplit", (p, text, a) -> split(p, text, a, true)),
                    Map.entry("splitlines", (p, text, a) -> lines(a.allow(), text)),
                    Map.entry("partition", (p, text, a) -> partition(text, a, false)),
                    Map.entry("rpartition", (p, text, a) -> partition(text, a, true)),
                    Map.entry("startswith", (p, text, a) -> edge(p, text, a, true)),
                    Map.entry("endswith", (p, text, a) -> edge(p, text, a, false)),
                    Map.entry("removeprefix", (p, text, a) -> cut(text, a, true)),
                    Map.entry("removesuffix", (p, text, a) -> cut(text, a, false)),
                    Map.entry("replace", Methods::replace),
                    Map.entry("find", (p, text, a) -> index(text, text.indexOf(one(a)))),
                    Map.entry("rfind", (p, text, a) -> index(text, text.lastIndexOf(one(a)))),
                    Map.entry("count", (p, text, a) -> count(text, one(a))),
                    Map.entry("join", (p, text, a) -> join(p, text, a.require(0, "iterable"))),
                    Map.entry("format", Formats::braces),
                    Map.entry("upper", (p, text, a) -> text.toUpperCase(Locale.ROOT)),
                    Map.entry("lower", (p, text, a) -> text.toLowerCase(Locale.ROOT)),
                    Map.entry("title", (p, text, a) -> Text.title(text)),
                    Map.entry("capitalize", (p, text, a) -> Text.capitalize(text)),
                    Map.entry("isspace", (p, text, a) -> Text.isSpace(text)),
                    Map.entry("isdigit", (p, text, a) -> all(text, Character::isDigit)),
                    Map.entry("isalpha", (p, text, a) -> all(text, Character::isLetter)));

    private static final Map<String, Method<Map<?, ?>>> OF_MAPS =
            Map.of(
                    "items", (p, map, a) -> items(p, map),
                    "keys", (p, map, a) -> p.list(map.keySet()),
                    "values", (p, map, a) -> p.list(map.values()),
                    "get", (p, map, a) -> get(map, a.require(0, "key"), a.get(1, "default", null)));

    private static final Map<String, Method<List<?>>> OF_LISTS =
            Map.of(
                    "count",
                            (p, items, a) ->
                                    items.stream()
                                            .filter(item -> p.equal(item, a.require(0, "value")))
                                            .count(),
                    "index", (p, items, a) -> indexOf(p, items, a.require(0, "value")));

    /** What is called on a value. */
    @FunctionalInterface
    private interface Method<T> {

        Object call(Python python, T value, Arguments arguments);
    }

    private Methods() {}

    /** Returns a method of a value, or null if there is none of that name. */
    static Callable of(Object value, String name) {
        if (value instanceof String text) {
            return bound(OF_STRINGS.get(name), text);
        }
        if (value instanceof Map<?, ?> map) {
            return CHANGES.contains(name) && !map.containsKey(name)
                    ? refusal(name)
                    : bound(OF_MAPS.get(name), map);
        }
        if (value instanceof List<?> items) {
            return CHANGES.contains(name) ? refusal(name) : bound(OF_LISTS.get(name), items);
        }
        return null;
    }

    private static <T> Callable bound(Method<T> method, T value) {
        return method == null ? null : (python, arguments) -> method.call(python, value, arguments);
    }

    private static Callable refusal(String name) {
        return (python, arguments) -> {
            throw new TemplateError("%s would change a value, which no template may", name);
        };
    }

    private static String one(Arguments arguments) {
        return arguments.allow("value").string(0, "value");
    }

    private static String strip(String text, Arguments arguments, boolean start, boolean end) {
        Object characters = arguments.allow("chars").get(0, "chars", null);
        return Text.strip(
                text, characters == null ? null : Python.string(characters, "chars"), start, end);
    }

    private static List<Object> split(
            Python python, String text, Arguments arguments, boolean fromEnd) {
        arguments.allow("sep", "maxsplit");
        Object separator = arguments.get(0, "sep", null);
        long most = Python.whole(arguments.get(1, "maxsplit", -1L));
        long left = most < 0 ? Long.MAX_VALUE : most;
        python.budget().make(text.length());
        if (separator == null) {
            if (most >= 0) {
                throw new TemplateError("split of white space with maxsplit is not supported");
            }
            String words = Text.strip(text, null, true, true);
            return words.isEmpty()
                    ? List.of()
                    : Arrays.asList((Object[]) words.split("(?U)[\\s\\x1c-\\x1f]+"));
        }
        String between = Python.string(separator, "sep");
        if (between.isEmpty()) {
            throw new TemplateError("split by an empty string is not possible");
        }
        List<Object> parts = new ArrayList<>();
        String rest = text;
        for (int at = at(rest, between, fromEnd); at >= 0 && left > 0; left--) {
            int after = at + between.length();
            parts.add(
                    fromEnd ? 0 : parts.size(),
                    fromEnd ? rest.substring(after) : rest.substring(0, at));
            rest = fromEnd ? rest.substring(0, at) : rest.substring(after);
            python.budget().spend(1 + rest.length() / 64);
            at = at(rest, between, fromEnd);
        }
        parts.add(fromEnd ? 0 : parts.size(), rest);
        return parts;
    }

    private static int at(String text, String part, boolean fromEnd) {
        return fromEnd ? text.lastIndexOf(part) : text.indexOf(part);
    }

    private static List<Object> lines(Arguments none, String text) {
        return new ArrayList<>(text.lines().toList());
    }

    private static Tuple partition(String text, Arguments arguments, boolean fromEnd) {
        String separator = one(arguments);
        int at = at(text, separator, fromEnd);
        if (at < 0) {
            return fromEnd ? new Tuple("", "", text) : new Tuple(text, "", "");
        }
        return new Tuple(text.substring(0, at), separator, text.substring(at + separator.length()));
    }

    private static boolean edge(Python python, String text, Arguments arguments, boolean start) {
        Object edge = arguments.allow("prefix").require(0, "prefix");
        return (edge instanceof Tuple
                        ? python.iterate(edge)
                        : List.of(Python.string(edge, "prefix")))
                .stream()
                        .map(part -> Python.string(part, "prefix"))
                        .anyMatch(part -> start ? text.startsWith(part) : text.endsWith(part));
    }

    private static String cut(String text, Arguments arguments, boolean start) {
        String part = one(arguments);
        if (start) {
            return text.startsWith(part) ? text.substring(part.length()) : text;
        }
        return text.endsWith(part) ? text.substring(0, text.length() - part.length()) : text;
    }

    static String replace(Python python, String text, Arguments arguments) {
        arguments.allow("old", "new", "count");
        String old = arguments.string(0, "old");
        String by = arguments.string(1, "new");
        if (old.isEmpty() || arguments.get(2, "count", null) != null) {
            throw new TemplateError("replace of an empty string or with a count is not supported");
        }
        python.budget().make(text.length() + count(text, old) * (by.length() - old.length()));
        return text.replace(old, by);
    }

    static long count(String text, String part) {
        return part.isEmpty()
                ? text.codePointCount(0, text.length()) + 1L
                : Pattern.compile(part, Pattern.LITERAL).matcher(text).results().count();
    }

    /** Counts characters, not Java's units. */
    private static long index(String text, int at) {
        return at < 0 ? -1 : text.codePointCount(0, at);
    }

    static String join(Python python, String separator, Object items) {
        StringBuilder text = new StringBuilder();
        String between = "";
        for (Object item : python.iterate(items)) {
            String part = python.text(item);
            python.budget().make((long) text.length() / 64 + between.length() + part.length());
            text.append(between).append(part);
            between = separator;
        }
        return text.toString();
    }

    private static boolean all(String text, IntPredicate kind) {
        return !text.isEmpty() && text.codePoints().allMatch(kind);
    }

    static List<Object> items(Python python, Map<?, ?> map) {
        python.budget().make(map.size());
        List<Object> items = new ArrayList<>();
        map.forEach((key, value) -> items.add(new Tuple(key, value)));
        return items;
    }

    private static Object get(Map<?, ?> map, Object key, Object otherwise) {
        return map.containsKey(key) ? map.get(key) : otherwise;
    }

    private static long indexOf(Python python, List<?> items, Object value) {
        for (int i = 0; i < items.size(); i++) {
            if (python.equal(items.get(i), value)) {
                return i;
            }
        }
        throw new TemplateError("a list does not have the value that is looked for");
    }
}
