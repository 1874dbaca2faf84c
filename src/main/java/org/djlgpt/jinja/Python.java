package org.djlgpt.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** What Python makes of values, in one rendering and within its budget. */
final class Python {

    private final Clock clock;
    private final Budget budget = new Budget();

    Python(Clock clock) {
        this.clock = clock;
    }

    Clock clock() {
        return clock;
    }

    /** Returns what is left to spend. */
    Budget budget() {
        return budget;
    }

    static boolean truth(Object value) {
        if (value instanceof Boolean flag) {
            return flag;
        }
        if (value instanceof Number number) {
            return number.doubleValue() != 0;
        }
        if (value instanceof String text) {
            return !text.isEmpty();
        }
        if (value instanceof Collection<?> items) {
            return !items.isEmpty();
        }
        if (value instanceof Map<?, ?> map) {
            return !map.isEmpty();
        }
        return value != null && !(value instanceof Undefined);
    }

    /** Returns {@code str}. */
    String text(Object value) {
        if (value instanceof String text) {
            return text;
        }
        if (value instanceof Markup markup) {
            return markup.text();
        }
        StringBuilder text = new StringBuilder();
        if (!(value instanceof Undefined)) {
            appendRepr(text, value);
        }
        return text.toString();
    }

    private void appendRepr(StringBuilder text, Object value) {
        if (value == null) {
            text.append("None");
        } else if (value instanceof Boolean flag) {
            text.append(flag ? "True" : "False");
        } else if (value instanceof Long number) {
            text.append(number);
        } else if (value instanceof Double number) {
            text.append(Text.of(number));
        } else if (value instanceof String string) {
            budget.make(string.length());
            text.append(Text.quoted(string));
        } else if (value instanceof List<?> || value instanceof Map<?, ?>) {
            budget.enter();
            appendItems(text, value);
            budget.leave();
        } else {
            throw new TemplateError("%s can't be written as text", name(value));
        }
    }

    private void appendItems(StringBuilder text, Object value) {
        String open = value instanceof Map<?, ?> ? "{" : value instanceof Tuple ? "(" : "[";
        String separator = open;
        for (Object item : iterate(value)) {
            text.append(separator);
            appendRepr(text, item);
            if (value instanceof Map<?, ?> map) {
                text.append(": ");
                appendRepr(text, map.get(item));
            }
            separator = ", ";
        }
        boolean single = value instanceof Tuple tuple && tuple.size() == 1;
        text.append(separator.equals(open) ? open : single ? "," : "");
        text.append(open.equals("{") ? "}" : open.equals("(") ? ")" : "]");
    }

    /** Returns what a loop goes through: items, keys, characters. */
    Collection<?> iterate(Object value) {
        if (value instanceof Collection<?> items) {
            return items;
        }
        if (value instanceof Map<?, ?> map) {
            return map.keySet();
        }
        if (value instanceof String text) {
            budget.make(text.length());
            return text.codePoints().mapToObj(Character::toString).toList();
        }
        if (value instanceof Undefined) {
            return List.of();
        }
        throw new TemplateError("%s has no items to go through", name(value));
    }

    boolean equal(Object left, Object right) {
        if (isNumber(left) && isNumber(right)) {
            return compareNumbers(left, right) == 0;
        }
        boolean lists = left instanceof List<?> && right instanceof List<?>;
        boolean maps = left instanceof Map<?, ?> && right instanceof Map<?, ?>;
        if (!lists && !maps) {
            return left == null ? right == null : left.equals(right);
        }
        budget.enter();
        boolean equal = lists ? equalLists(left, right) : equalMaps(left, right);
        budget.leave();
        return equal;
    }

    private boolean equalLists(Object left, Object right) {
        Iterator<?> others = ((List<?>) right).iterator();
        boolean equal =
                ((List<?>) left).size() == ((List<?>) right).size()
                        && left instanceof Tuple == right instanceof Tuple;
        for (Iterator<?> items = ((List<?>) left).iterator(); equal && items.hasNext(); ) {
            equal = equal(items.next(), others.next());
        }
        return equal;
    }

    private boolean equalMaps(Object left, Object right) {
        Map<?, ?> others = (Map<?, ?>) right;
        boolean equal = ((Map<?, ?>) left).size() == others.size();
        for (Iterator<? extends Map.Entry<?, ?>> entries = ((Map<?, ?>) left).entrySet().iterator();
                equal && entries.hasNext(); ) {
            Map.Entry<?, ?> entry = entries.next();
            equal =
                    others.containsKey(entry.getKey())
                            && equal(entry.getValue(), others.get(entry.getKey()));
        }
        return equal;
    }

    int compare(Object left, Object right) {
        if (isNumber(left) && isNumber(right)) {
            return compareNumbers(left, right);
        }
        if (left instanceof String text && right instanceof String other) {
            return text.compareTo(other);
        }
        throw new TemplateError("%s and %s have no order", name(left), name(right));
    }

    private static int compareNumbers(Object left, Object right) {
        return left instanceof Double || right instanceof Double
                ? Double.compare(real(left), real(right))
                : Long.compare(whole(left), whole(right));
    }

    boolean contains(Object container, Object value) {
        if (container instanceof String text) {
            return text.contains(string(value, "what is looked for in a string"));
        }
        if (container instanceof Map<?, ?> map) {
            return map.containsKey(value);
        }
        budget.spend(1);
        return iterate(container).stream().anyMatch(item -> equal(item, value));
    }

    static boolean isNumber(Object value) {
        return value instanceof Number || value instanceof Boolean;
    }

    static double real(Object number) {
        return number instanceof Number n ? n.doubleValue() : whole(number);
    }

    /** Returns an integer; true is 1. */
    static long whole(Object value) {
        if (value instanceof Boolean flag) {
            return flag ? 1 : 0;
        }
        if (value instanceof Long number) {
            return number;
        }
        throw value instanceof Undefined undefined
                ? undefined.error()
                : new TemplateError("%s stands where an integer is due", name(value));
    }

    static String string(Object value, String what) {
        if (value instanceof String text) {
            return text;
        }
        throw value instanceof Undefined undefined
                ? undefined.error()
                : new TemplateError("%s is %s, but must be a string", what, name(value));
    }

    List<Object> list(Object value) {
        Collection<?> items = iterate(value);
        budget.make(items.size());
        return new ArrayList<>(items);
    }

    /** Returns what a value is, for a message. */
    static String name(Object value) {
        if (value == null) {
            return "None";
        }
        if (value instanceof Undefined) {
            return "an undefined value";
        }
        if (value instanceof Markup) {
            return "a string that was marked as safe";
        }
        if (value instanceof Boolean) {
            return "a truth value";
        }
        if (value instanceof Number) {
            return "a number";
        }
        if (value instanceof String) {
            return "a string";
        }
        return value instanceof Map<?, ?>
                ? "a map"
                : value instanceof List<?> ? "a list" : "a function or namespace";
    }
}
