/**
 * The part of the <a href="https://jinja.palletsprojects.com/en/stable/templates/">Jinja</a>
 * template language that chat templates are written in, as Python's jinja2 renders it for <a
 * href="https://huggingface.co/docs/transformers/chat_templating">transformers</a>.
 *
 * <p>{@link org.djlgpt.jinja.JinjaTemplate} is all that others need. A template is data from a
 * stranger: it computes with strings, numbers, lists and maps that it is given, and reaches no
 * file, class or network, because there is no way to name one; how long and how much it writes is
 * bounded.
 *
 * <p>How it works: a {@code Lexer} cuts the source into tokens, a {@code StatementParser} and an
 * {@code ExpressionParser} turn them into functions of a {@code Scope}, and {@code Python} says,
 * within a {@code Budget}, what operators make of values. Values are Java's {@code String}, {@code
 * Long}, {@code Double}, {@code Boolean}, {@code List}, {@code Map} and null for None.
 *
 * <p>Extending: a filter, test or method is an entry of the map in {@code Filters}, {@code Tests}
 * or {@code Methods}.
 *
 * <p>Imports the JDK only.
 */
package org.djlgpt.jinja;
