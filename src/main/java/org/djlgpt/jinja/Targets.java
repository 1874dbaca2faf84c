package org.djlgpt.jinja;

import org.djlgpt.jinja.Token.Kind;

import java.util.ArrayList;
import java.util.List;

/**
 * The variables that {@code set} and {@code for} give values to.
 *
 * @param names one, or several that share the items of a value
 */
record Targets(List<String> names) {

    /** Reads names with commas between them, in brackets or not. */
    static Targets parse(TokenReader tokens) {
        boolean brackets = tokens.accept("(");
        List<String> names = new ArrayList<>();
        do {
            names.add(tokens.expect(Kind.NAME, "the name of a variable").text());
        } while (tokens.accept(",") && tokens.peek().kind() == Kind.NAME);
        if (brackets) {
            tokens.expect(")");
        }
        return new Targets(names);
    }

    /** Gives a value to a variable, or its items to several. */
    void bind(Scope scope, Object value) {
        if (names.size() == 1) {
            scope.set(names.get(0), value);
            return;
        }
        List<Object> values = scope.python().list(value);
        if (values.size() != names.size()) {
            throw new TemplateError(
                    "%d values are given to the %d variables %s",
                    values.size(), names.size(), names);
        }
        for (int i = 0; i < values.size(); i++) {
            scope.set(names.get(i), values.get(i));
        }
    }

    /**
     * Gives a value to variables, or to what a namespace has under a name.
     *
     * @param attribute the name; null for the variables themselves
     */
    void assign(Scope scope, String attribute, Object value) {
        if (attribute == null) {
            bind(scope, value);
        } else if (scope.get(names.get(0)) instanceof Namespace namespace) {
            namespace.attributes().put(attribute, value);
        } else {
            throw new TemplateError(
                    "%s is no namespace, so %s.%s can't be set",
                    names.get(0), names.get(0), attribute);
        }
    }
}
