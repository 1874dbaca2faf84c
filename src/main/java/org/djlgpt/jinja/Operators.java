package org.djlgpt.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** The operators between two values, by how they are written. */
final class Operators {

    static final Map<String, Operator> ARITHMETIC =
            Map.of(
                    "+", Operators::add,
                    "-", Operators::subtract,
                    "*", Operators::multiply,
                    "/", (python, left, right) -> real(left) / divisor(right),
                    "//", Operators::divide,
                    "%", Operators::remainder,
                    "**", Operators::power,
                    "~", Operators::join);

    static final Map<String, Operator> COMPARISON =
            Map.of(
                    "==", Python::equal,
                    "!=", (python, left, right) -> !python.equal(left, right),
                    "<", (python, left, right) -> python.compare(left, right) < 0,
                    "<=", (python, left, right) -> python.compare(left, right) <= 0,
                    ">", (python, left, right) -> python.compare(left, right) > 0,
                    ">=", (python, left, right) -> python.compare(left, right) >= 0,
                    "in", (python, left, right) -> python.contains(right, left),
                    "not in", (python, left, right) -> !python.contains(right, left));

    /** What stands between two values. */
    @FunctionalInterface
    interface Operator {

        Object apply(Python python, Object left, Object right);
    }

    private Operators() {}

    private static Object add(Python python, Object left, Object right) {
        boolean texts = left instanceof Markup || left instanceof String;
        if (texts && right instanceof Markup || left instanceof Markup && right instanceof String) {
            return Markup.join(python, left, right);
        }
        if (left instanceof String text && right instanceof String more) {
            python.budget().make((long) text.length() + more.length());
            return text + more;
        }
        if (left instanceof List<?> items && right instanceof List<?> more) {
            python.budget().make((long) items.size() + more.size());
            List<Object> all = new ArrayList<>(items);
            all.addAll(more);
            return left instanceof Tuple ? new Tuple(all.toArray()) : all;
        }
        requireNumbers("+", left, right);
        return isReal(left, right)
                ? (Object) (Python.real(left) + Python.real(right))
                : (Object) Math.addExact(Python.whole(left), Python.whole(right));
    }

    private static Object subtract(Python python, Object left, Object right) {
        requireNumbers("-", left, right);
        return isReal(left, right)
                ? (Object) (Python.real(left) - Python.real(right))
                : (Object) Math.subtractExact(Python.whole(left), Python.whole(right));
    }

    private static Object multiply(Python python, Object left, Object right) {
        if (right instanceof String || right instanceof List<?>) {
            return repeat(python, right, Python.whole(left));
        }
        if (left instanceof String || left instanceof List<?>) {
            return repeat(python, left, Python.whole(right));
        }
        requireNumbers("*", left, right);
        return isReal(left, right)
                ? (Object) (Python.real(left) * Python.real(right))
                : (Object) Math.multiplyExact(Python.whole(left), Python.whole(right));
    }

    private static Object repeat(Python python, Object value, long count) {
        int times = (int) Math.max(0, Math.min(count, Integer.MAX_VALUE));
        if (value instanceof String text) {
            python.budget().make((long) text.length() * times);
            return text.repeat(times);
        }
        List<?> items = (List<?>) value;
        python.budget().make((long) items.size() * times);
        List<Object> all = new ArrayList<>();
        Collections.nCopies(times, items).forEach(all::addAll);
        return all;
    }

    private static Object divide(Python python, Object left, Object right) {
        requireNumbers("//", left, right);
        divisor(right);
        return isReal(left, right)
                ? (Object) Math.floor(Python.real(left) / Python.real(right))
                : (Object) Math.floorDiv(Python.whole(left), Python.whole(right));
    }

    private static Object remainder(Python python, Object left, Object right) {
        if (left instanceof String format) {
            List<?> values =
                    right instanceof Tuple tuple ? tuple : Collections.singletonList(right);
            return Formats.percent(python, format, values);
        }
        requireNumbers("%", left, right);
        double divisor = divisor(right);
        if (!isReal(left, right)) {
            return Math.floorMod(Python.whole(left), Python.whole(right));
        }
        double rest = Python.real(left) % divisor;
        return rest != 0 && rest < 0 != divisor < 0 ? rest + divisor : rest;
    }

    private static Object power(Python python, Object left, Object right) {
        requireNumbers("**", left, right);
        if (isReal(left, right) || Python.whole(right) < 0) {
            return Math.pow(Python.real(left), Python.real(right));
        }
        long power = 1;
        python.budget().spend(Math.min(Python.whole(right), Integer.MAX_VALUE));
        for (long i = Python.whole(right); i > 0; i--) {
            power = Math.multiplyExact(power, Python.whole(left));
        }
        return power;
    }

    private static Object join(Python python, Object left, Object right) {
        return add(python, python.text(left), python.text(right));
    }

    private static double real(Object number) {
        requireNumbers("/", number, number);
        return Python.real(number);
    }

    private static double divisor(Object number) {
        double divisor = real(number);
        if (divisor == 0) {
            throw new TemplateError("division by zero");
        }
        return divisor;
    }

    private static boolean isReal(Object left, Object right) {
        return left instanceof Double || right instanceof Double;
    }

    private static void requireNumbers(String operator, Object left, Object right) {
        for (Object value : new Object[] {left, right}) {
            if (value instanceof Undefined undefined) {
                throw undefined.error();
            }
        }
        if (!Python.isNumber(left) || !Python.isNumber(right)) {
            throw new TemplateError(
                    "%s can't stand between %s and %s",
                    operator, Python.name(left), Python.name(right));
        }
    }
}
