package org.djlgpt.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A template in the part of Jinja that chat templates use, rendered as transformers renders it:
 * with {@code trim_blocks} and {@code lstrip_blocks}, {@code break}, {@code continue} and {@code
 * generation}, and the functions {@code raise_exception}, {@code strftime_now}, {@code range},
 * {@code namespace} and {@code dict}. Whatever else jinja2 knows, such as other templates, is
 * refused by its name when the template is parsed, not written as something else.
 *
 * <p>Templates come from strangers. One reaches nothing but the values that it is given, whose
 * methods are those of Python's strings, lists and maps that change nothing; and what it takes to
 * render one is bounded: 20 million steps, characters and items, 5 million of them in one value,
 * macros and values 100 levels deep.
 *
 * <pre>{@code
 * JinjaTemplate.parse("hello.jinja", "Hello {{ name|trim }}!").render(Map.of("name", " you "))
 * }</pre>
 *
 * <p>Templates are immutable and may be shared between threads.
 */
public final class JinjaTemplate {

    /** In characters; the longest chat templates have a tenth of it. */
    private static final int MAX_SOURCE = 1_000_000;

    private static final long MAX_RANGE = 100_000; // as in jinja2's sandbox

    private final String name;
    private final Statement body;
    private final Clock clock;

    private JinjaTemplate(String name, Statement body, Clock clock) {
        this.name = name;
        this.body = body;
        this.clock = clock;
    }

    /**
     * Reads a template.
     *
     * @param name where it is from, for messages
     * @param source its text
     * @return the template
     * @throws IllegalArgumentException if it is malformed, longer than a million characters, or
     *     uses what is not supported; the message names the line and the construct
     */
    public static JinjaTemplate parse(String name, String source) {
        if (source.length() > MAX_SOURCE) {
            throw new IllegalArgumentException(
                    "%s: has %,d characters, the limit is %,d; is it a template?"
                            .formatted(name, source.length(), MAX_SOURCE));
        }
        try {
            Statement body = StatementParser.parse(Lexer.tokens(source));
            return new JinjaTemplate(name, body, Clock.systemDefaultZone());
        } catch (TemplateError e) {
            throw refused(name, e.line(1), e);
        } catch (StackOverflowError e) {
            throw refused(name, 1, new TemplateError("it is nested too deeply"));
        }
    }

    /** Returns the same template at another time, which {@code strftime_now} tells. */
    JinjaTemplate at(Clock other) {
        return new JinjaTemplate(name, body, other);
    }

    /**
     * Renders the template.
     *
     * @param variables what it may name: strings, numbers (Long or Double), truth values, null, and
     *     lists and maps of them
     * @return the text
     * @throws IllegalArgumentException if the template refuses the values, does with one what it
     *     does not allow, or takes more than the limits; the message names the line
     */
    public String render(Map<String, ?> variables) {
        Python python = new Python(clock);
        Scope globals = new Scope(python);
        globals.set("range", (Callable) JinjaTemplate::range);
        globals.set("namespace", (Callable) (p, arguments) -> namespace(arguments));
        globals.set("dict", (Callable) (p, arguments) -> namespace(arguments).attributes());
        globals.set("raise_exception", (Callable) JinjaTemplate::raise);
        globals.set(
                "strftime_now",
                (Callable) (p, arguments) -> Formats.time(p, arguments.string(0, "format")));
        variables.forEach(globals::set);
        try {
            return body.capture(globals.inner());
        } catch (TemplateError e) {
            throw refused(name, e.line(python.budget().line()), e);
        } catch (ArithmeticException e) {
            throw refused(name, python.budget().line(), new TemplateError("a number is too large"));
        } catch (StackOverflowError e) {
            throw refused(
                    name, python.budget().line(), new TemplateError("it is nested too deeply"));
        }
    }

    private static IllegalArgumentException refused(String name, int line, TemplateError error) {
        return new IllegalArgumentException(
                "%s, line %d: %s".formatted(name, line, error.getMessage()), error);
    }

    private static Namespace namespace(Arguments arguments) {
        Namespace namespace = Namespace.of(new Arguments(arguments.positional(), Map.of()));
        namespace.attributes().putAll(arguments.named());
        return namespace;
    }

    private static Object raise(Python python, Arguments arguments) {
        throw new TemplateError("%s", python.text(arguments.require(0, "message")));
    }

    private static Object range(Python python, Arguments arguments) {
        arguments.allow("start", "stop", "step");
        boolean single = arguments.positional().size() == 1;
        long start = single ? 0 : Python.whole(arguments.require(0, "start"));
        long stop = Python.whole(arguments.require(single ? 0 : 1, "stop"));
        long step = Python.whole(arguments.get(2, "step", 1L));
        if (step == 0) {
            throw new TemplateError("the step of a range is 0");
        }
        double size = Math.ceil(((double) stop - start) / step);
        if (size > MAX_RANGE) {
            throw new TemplateError("a range of more than %,d numbers is asked for", MAX_RANGE);
        }
        List<Object> numbers = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            numbers.add(start + i * step);
        }
        python.budget().make(numbers.size());
        return numbers;
    }
}
