package org.djlgpt.jinja;

import java.util.List;
import java.util.Map;

/**
 * What a function, method, filter or test is called with.
 *
 * @param positional those without a name
 * @param named those with one
 */
record Arguments(List<Object> positional, Map<String, Object> named) {

    static final Arguments NONE = new Arguments(List.of(), Map.of());

    /** Returns an argument, or else what stands for one that is not given. */
    Object get(int index, String name, Object otherwise) {
        if (index < positional.size()) {
            return positional.get(index);
        }
        return named.getOrDefault(name, otherwise);
    }

    Object require(int index, String name) {
        if (index >= positional.size() && !named.containsKey(name)) {
            throw new TemplateError("the argument %s is missing", name);
        }
        return get(index, name, null);
    }

    String string(int index, String name) {
        return Python.string(require(index, name), name);
    }

    /** Refuses all but some. */
    Arguments allow(String... names) {
        if (positional.size() > names.length) {
            throw new TemplateError(
                    "%d arguments are given, but at most %d are taken",
                    positional.size(), names.length);
        }
        for (String name : named.keySet()) {
            if (!List.of(names).contains(name)) {
                throw new TemplateError("the argument %s is not supported", name);
            }
        }
        return this;
    }

    /** Returns the arguments from the second on. */
    Arguments rest() {
        return new Arguments(positional.subList(1, positional.size()), named);
    }
}
