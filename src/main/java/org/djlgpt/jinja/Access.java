package org.djlgpt.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Parts of a value: by a name after a dot, and by a key or a range in square brackets. */
final class Access {

    private Access() {}

    /** Returns {@code value.name}. */
    static Object attribute(Object value, String name) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (value instanceof Namespace namespace) {
            return namespace.attributes().containsKey(name)
                    ? namespace.attributes().get(name)
                    : missing(value, name);
        }
        if (value instanceof Loop loop) {
            return loop.attribute(name);
        }
        Callable method = Methods.of(value, name);
        return method == null ? itemOrMissing(value, name) : method;
    }

    private static Object itemOrMissing(Object value, String name) {
        return value instanceof Map<?, ?> map && map.containsKey(name)
                ? map.get(name)
                : missing(value, name);
    }

    private static Undefined missing(Object value, Object key) {
        return new Undefined("%s has no attribute '%s'".formatted(Python.name(value), key));
    }

    /** Returns {@code value[key]}. */
    static Object item(Python python, Object value, Object key) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (value instanceof Map<?, ?> map && map.containsKey(key)) {
            return map.get(key);
        }
        if (value instanceof List<?> items && key instanceof Long index) {
            long at = index < 0 ? index + items.size() : index;
            return at >= 0 && at < items.size() ? items.get((int) at) : missing(value, key);
        }
        if (value instanceof String text && key instanceof Long index) {
            List<?> characters = List.copyOf(python.iterate(text));
            long at = index < 0 ? index + characters.size() : index;
            return at >= 0 && at < characters.size()
                    ? characters.get((int) at)
                    : missing(value, key);
        }
        return key instanceof String name
                ? attribute(value, name)
                : missing(value, python.text(key));
    }

    /**
     * Returns {@code value[from:to:step]}.
     *
     * @param from null where it is left out, as the others
     */
    static Object slice(Python python, Object value, Object from, Object to, Object step) {
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!(value instanceof String) && !(value instanceof List<?>)) {
            throw new TemplateError("%s has no slices", Python.name(value));
        }
        List<?> items = new ArrayList<>(python.iterate(value));
        long stride = step == null ? 1 : Python.whole(step);
        if (stride == 0) {
            throw new TemplateError("the step of a slice is 0");
        }
        int size = items.size();
        long first = bound(from, stride > 0 ? 0 : size - 1, size, stride);
        long last = bound(to, stride > 0 ? size : -1, size, stride);
        List<Object> slice = new ArrayList<>();
        for (long i = first; stride > 0 ? i < last : i > last; i += stride) {
            slice.add(items.get((int) i));
        }
        python.budget().make(slice.size());
        if (value instanceof String) {
            StringBuilder text = new StringBuilder();
            slice.forEach(text::append);
            return text.toString();
        }
        return value instanceof Tuple ? new Tuple(slice.toArray()) : slice;
    }

    private static long bound(Object given, long otherwise, int size, long stride) {
        if (given == null) {
            return otherwise;
        }
        long index = Python.whole(given);
        long at = index < 0 ? index + size : index;
        return stride > 0 ? Math.max(0, Math.min(at, size)) : Math.max(-1, Math.min(at, size - 1));
    }
}
