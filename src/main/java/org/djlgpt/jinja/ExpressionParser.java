package org.djlgpt.jinja;

import org.djlgpt.jinja.Token.Kind;

import java.util.ArrayList;
import java.util.List;

/** Turns tokens into expressions; what binds weaker calls what binds tighter. */
final class ExpressionParser {

    private final TokenReader tokens;
    private final ValueParser values;

    ExpressionParser(TokenReader tokens) {
        this.tokens = tokens;
        values = new ValueParser(tokens, this);
    }

    ValueParser values() {
        return values;
    }

    /** Reads an expression, or several with commas between them as a tuple. */
    Expression parseTuple() {
        Expression first = parse();
        if (!tokens.peek().isOperator(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (tokens.accept(",") && startsExpression()) {
            items.add(parse());
        }
        return ValueParser.tuple(items);
    }

    private boolean startsExpression() {
        Token token = tokens.peek();
        return switch (token.kind()) {
            case TAG_END, OUTPUT_END, END -> false;
            case OPERATOR -> !List.of(")", "]", "}", "=").contains(token.text());
            default -> !token.isName("in");
        };
    }

    /** Reads {@code a if b else c}. */
    Expression parse() {
        tokens.enter();
        Expression value = parseOr();
        while (tokens.acceptName("if")) {
            Expression then = value;
            Expression condition = parseOr();
            Expression otherwise =
                    tokens.acceptName("else")
                            ? parse()
                            : scope -> new Undefined("an if without an else has no value");
            value = s -> condition.isTrue(s) ? then.evaluate(s) : otherwise.evaluate(s);
        }
        tokens.leave();
        return value;
    }

    /**
     * Reads what has no if behind it: what a loop goes through, where an if belongs to the loop.
     */
    Expression parseOr() {
        int before = tokens.depth();
        Expression left = parseAnd();
        while (tokens.acceptName("or")) {
            tokens.enter();
            Expression first = left;
            Expression second = parseAnd();
            left =
                    scope -> {
                        Object value = first.evaluate(scope);
                        return Python.truth(value) ? value : second.evaluate(scope);
                    };
        }
        tokens.returnTo(before);
        return left;
    }

    private Expression parseAnd() {
        int before = tokens.depth();
        Expression left = parseNot();
        while (tokens.acceptName("and")) {
            tokens.enter();
            Expression first = left;
            Expression second = parseNot();
            left =
                    scope -> {
                        Object value = first.evaluate(scope);
                        return Python.truth(value) ? second.evaluate(scope) : value;
                    };
        }
        tokens.returnTo(before);
        return left;
    }

    private Expression parseNot() {
        if (!tokens.acceptName("not")) {
            return parseComparison();
        }
        tokens.enter();
        Expression value = parseNot();
        tokens.leave();
        return scope -> !value.isTrue(scope);
    }

    /** Reads {@code a < b < c}, which is {@code a < b and b < c}. */
    private Expression parseComparison() {
        Expression first = parseOperation(0);
        List<Operators.Operator> operators = new ArrayList<>();
        List<Expression> operands = new ArrayList<>();
        for (String name = comparison(); name != null; name = comparison()) {
            operators.add(Operators.COMPARISON.get(name));
            operands.add(parseOperation(0));
        }
        if (operators.isEmpty()) {
            return first;
        }
        return scope -> {
            Object left = first.evaluate(scope);
            for (int i = 0; i < operators.size(); i++) {
                Object right = operands.get(i).evaluate(scope);
                if (!(boolean) operators.get(i).apply(scope.python(), left, right)) {
                    return false;
                }
                left = right;
            }
            return true;
        };
    }

    private String comparison() {
        Token token = tokens.peek();
        if (token.kind() == Kind.OPERATOR && Operators.COMPARISON.containsKey(token.text())) {
            return tokens.next().text();
        }
        if (tokens.acceptName("not")) {
            tokens.expectName("in");
            return "not in";
        }
        return tokens.acceptName("in") ? "in" : null;
    }

    /** From those that bind weakest on. */
    private static final List<List<String>> LEVELS =
            List.of(List.of("+", "-"), List.of("~"), List.of("*", "/", "//", "%"), List.of("**"));

    private Expression parseOperation(int level) {
        if (level == LEVELS.size()) {
            return parseSigned(true);
        }
        int before = tokens.depth();
        Expression left = parseOperation(level + 1);
        while (tokens.peek().kind() == Kind.OPERATOR
                && LEVELS.get(level).contains(tokens.peek().text())) {
            tokens.enter();
            Operators.Operator operator = Operators.ARITHMETIC.get(tokens.next().text());
            Expression first = left;
            Expression second = parseOperation(level + 1);
            left =
                    scope ->
                            operator.apply(
                                    scope.python(), first.evaluate(scope), second.evaluate(scope));
        }
        tokens.returnTo(before);
        return left;
    }

    private Expression parseSigned(boolean filtered) {
        Expression value;
        if (tokens.accept("-")) {
            tokens.enter();
            Expression positive = parseSigned(false);
            tokens.leave();
            value =
                    scope -> {
                        Object number = positive.evaluate(scope);
                        return number instanceof Double real
                                ? (Object) (-real)
                                : Operators.ARITHMETIC.get("-").apply(scope.python(), 0L, number);
                    };
        } else if (tokens.accept("+")) {
            value = parseSigned(false);
        } else {
            value = values.parsePrimary();
        }
        return values.parsePostfix(value, filtered);
    }
}
