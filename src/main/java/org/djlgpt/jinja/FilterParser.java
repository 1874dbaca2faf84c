package org.djlgpt.jinja;

import org.djlgpt.jinja.Token.Kind;

import java.util.List;
import java.util.Map;

/** Turns tokens into filters and tests, with what they are called with. */
final class FilterParser {

    private final TokenReader tokens;
    private final ExpressionParser expressions;

    FilterParser(TokenReader tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    /** Reads a filter or a test, if one follows a value; null if not. */
    Expression parseFilterOrTest(Expression value) {
        if (tokens.accept("|")) {
            Filtering filter = parse();
            return scope -> filter.of(value.evaluate(scope), scope);
        }
        if (!tokens.acceptName("is")) {
            return null;
        }
        boolean negated = tokens.acceptName("not");
        Token name = tokens.expect(Kind.NAME, "the name of a test");
        Tests.Test test = Tests.find(name.text());
        Call call = parseTestArguments();
        return scope ->
                test.holds(scope.python(), value.evaluate(scope), call.arguments(scope)) != negated;
    }

    private Call parseTestArguments() {
        Token token = tokens.peek();
        if (token.isOperator("(")) {
            return Call.parse(tokens, expressions);
        }
        boolean begins =
                switch (token.kind()) {
                    case STRING, INTEGER, FLOAT -> true;
                    case NAME ->
                            !List.of("else", "or", "and", "if", "is", "in", "not")
                                    .contains(token.text());
                    default -> token.isOperator("[") || token.isOperator("{");
                };
        return begins ? new Call(List.of(argument()), Map.of()) : Call.NONE;
    }

    /** A filter with its arguments. */
    @FunctionalInterface
    interface Filtering {

        Object of(Object value, Scope scope);
    }

    /** Reads the name of a filter and what it is called with. */
    Filtering parse() {
        Token name = tokens.expect(Kind.NAME, "the name of a filter");
        Filters.Filter filter = Filters.find(name.text());
        Call call = tokens.peek().isOperator("(") ? Call.parse(tokens, expressions) : Call.NONE;
        return (value, scope) -> {
            scope.python().budget().spend(1);
            return filter.apply(scope.python(), value, call.arguments(scope));
        };
    }

    /** Reads a filter behind each bar, and returns what all of them make one after the other. */
    Filtering parseAll() {
        Filtering all = (value, scope) -> value;
        while (tokens.accept("|")) {
            Filtering before = all;
            Filtering next = parse();
            all = (value, scope) -> next.of(before.of(value, scope), scope);
        }
        return all;
    }

    private Expression argument() {
        ValueParser values = expressions.values();
        return values.parsePostfix(values.parsePrimary(), false);
    }
}
