package org.djlgpt.jinja;

import org.djlgpt.jinja.Token.Kind;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The arguments of a call, as they are written.
 *
 * @param positional those without a name
 * @param named the others
 */
record Call(List<Expression> positional, Map<String, Expression> named) {

    static final Call NONE = new Call(List.of(), Map.of());

    /** Reads arguments in brackets. */
    static Call parse(TokenReader tokens, ExpressionParser expressions) {
        tokens.expect("(");
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        while (!tokens.accept(")")) {
            if (tokens.peek().isOperator("*") || tokens.peek().isOperator("**")) {
                throw TemplateError.at(
                        tokens.peek().line(), "* before an argument is not supported");
            }
            Token start = tokens.peek();
            Expression value = expressions.parse();
            if (start.kind() == Kind.NAME && tokens.accept("=")) {
                named.put(start.text(), expressions.parse());
            } else {
                positional.add(value);
            }
            if (!tokens.peek().isOperator(")")) {
                tokens.expect(",");
            }
        }
        return new Call(positional, named);
    }

    Arguments arguments(Scope scope) {
        Map<String, Object> values = new LinkedHashMap<>();
        named.forEach((name, value) -> values.put(name, value.evaluate(scope)));
        return new Arguments(ValueParser.evaluated(positional, scope), values);
    }
}
