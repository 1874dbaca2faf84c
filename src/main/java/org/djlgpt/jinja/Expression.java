package org.djlgpt.jinja;

/** A part of a template that has a value. */
@FunctionalInterface
interface Expression {

    Object evaluate(Scope scope);

    default boolean isTrue(Scope scope) {
        return Python.truth(evaluate(scope));
    }
}
