package org.djlgpt.jinja;

import java.util.Collection;
import java.util.Map;
import java.util.function.Predicate;

/** What stands behind {@code is}. */
final class Tests {

    private static final Map<String, Test> BY_NAME =
            Map.ofEntries(
                    Map.entry("boolean", (p, value, a) -> value instanceof Boolean),
                    Map.entry("callable", (p, value, a) -> value instanceof Callable),
                    Map.entry("defined", (p, value, a) -> !(value instanceof Undefined)),
                    Map.entry(
                            "divisibleby",
                            (p, value, a) ->
                                    Math.floorMod(
                                                    Python.whole(value),
                                                    Python.whole(a.require(0, "num")))
                                            == 0),
                    Map.entry("even", (p, value, a) -> Python.whole(value) % 2 == 0),
                    Map.entry("false", (p, value, a) -> Boolean.FALSE.equals(value)),
                    Map.entry("float", (p, value, a) -> value instanceof Double),
                    Map.entry("integer", (p, value, a) -> value instanceof Long),
                    Map.entry(
                            "iterable",
                            (p, value, a) -> isSequence(value) || value instanceof Undefined),
                    Map.entry("lower", (p, value, a) -> isCase(p.text(value), false)),
                    Map.entry("mapping", (p, value, a) -> value instanceof Map<?, ?>),
                    Map.entry("none", (p, value, a) -> value == null),
                    Map.entry("number", (p, value, a) -> Python.isNumber(value)),
                    Map.entry("odd", (p, value, a) -> Python.whole(value) % 2 != 0),
                    Map.entry(
                            "sameas",
                            (p, value, a) ->
                                    value == a.require(0, "other")
                                            || value instanceof Boolean
                                                    && value.equals(a.require(0, "other"))),
                    Map.entry("sequence", (p, value, a) -> isSequence(value)),
                    Map.entry(
                            "string",
                            (p, value, a) -> value instanceof String || value instanceof Markup),
                    Map.entry("true", (p, value, a) -> Boolean.TRUE.equals(value)),
                    Map.entry("undefined", (p, value, a) -> value instanceof Undefined),
                    Map.entry("upper", (p, value, a) -> isCase(p.text(value), true)));

    /** The operators that tests have names for. */
    private static final Map<String, String> OPERATORS =
            Map.ofEntries(
                    Map.entry("eq", "=="),
                    Map.entry("equalto", "=="),
                    Map.entry("==", "=="),
                    Map.entry("ne", "!="),
                    Map.entry("!=", "!="),
                    Map.entry("lt", "<"),
                    Map.entry("lessthan", "<"),
                    Map.entry("<", "<"),
                    Map.entry("le", "<="),
                    Map.entry("<=", "<="),
                    Map.entry("gt", ">"),
                    Map.entry("greaterthan", ">"),
                    Map.entry(">", ">"),
                    Map.entry("ge", ">="),
                    Map.entry(">=", ">="),
                    Map.entry("in", "in"));

    /** Says whether something holds of a value. */
    @FunctionalInterface
    interface Test {

        boolean holds(Python python, Object value, Arguments arguments);
    }

    private Tests() {}

    /** Returns a test; one that there is not is refused when it is reached, as in jinja2. */
    static Test find(String name) {
        String operator = OPERATORS.get(name);
        if (operator == null && !BY_NAME.containsKey(name)) {
            return (python, value, arguments) -> {
                throw new TemplateError("the test %s is not supported", name);
            };
        }
        return operator == null
                ? BY_NAME.get(name)
                : (python, value, arguments) ->
                        (boolean)
                                Operators.COMPARISON
                                        .get(operator)
                                        .apply(python, value, arguments.require(0, "other"));
    }

    /** Returns the test that arguments name and its own arguments after it; without one, truth. */
    static Predicate<Object> of(Python python, Arguments arguments) {
        if (arguments.positional().isEmpty()) {
            return Python::truth;
        }
        Test test = find(arguments.string(0, "test"));
        return value -> test.holds(python, value, arguments.rest());
    }

    private static boolean isSequence(Object value) {
        return value instanceof String
                || value instanceof Markup
                || value instanceof Collection<?>
                || value instanceof Map<?, ?>;
    }

    private static boolean isCase(String text, boolean upper) {
        boolean letters =
                text.codePoints()
                        .anyMatch(c -> Character.isUpperCase(c) || Character.isLowerCase(c));
        return letters
                && text.codePoints()
                        .noneMatch(
                                c -> upper ? Character.isLowerCase(c) : Character.isUpperCase(c));
    }
}
