package org.djlgpt.jinja;

import java.util.HashMap;
import java.util.Map;

/** The variables that a part of a template sees: its own, and those of the parts around it. */
final class Scope {

    private final Scope outer;
    private final Python python;
    private final Map<String, Object> variables = new HashMap<>();

    Scope(Python python) {
        this(null, python);
    }

    private Scope(Scope outer, Python python) {
        this.outer = outer;
        this.python = python;
    }

    Scope inner() {
        return new Scope(this, python);
    }

    Python python() {
        return python;
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            if (scope.variables.containsKey(name)) {
                return scope.variables.get(name);
            }
        }
        return new Undefined("'%s' is undefined".formatted(name));
    }

    void set(String name, Object value) {
        variables.put(name, value);
    }
}
