package org.djlgpt.jinja;

/** A part of a template that writes text or sets variables. */
@FunctionalInterface
interface Statement {

    /** How a loop goes on after a statement in it. */
    enum Flow {
        NEXT,
        CONTINUE,
        BREAK
    }

    Flow execute(Scope scope, StringBuilder out);

    /** Returns what is written. */
    default String capture(Scope scope) {
        StringBuilder out = new StringBuilder();
        execute(scope, out);
        return out.toString();
    }
}
