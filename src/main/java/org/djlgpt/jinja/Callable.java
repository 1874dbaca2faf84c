package org.djlgpt.jinja;

/** A value that can be called: a function, a macro, or a method of a value. */
@FunctionalInterface
interface Callable {

    Object call(Python python, Arguments arguments);
}
