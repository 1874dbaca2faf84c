package org.djlgpt.jinja;

import org.djlgpt.jinja.Token.Kind;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Turns tokens into values, and into what follows a value: its parts, and calls. */
final class ValueParser {

    private final TokenReader tokens;
    private final ExpressionParser expressions;
    private final FilterParser filters;

    ValueParser(TokenReader tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
        filters = new FilterParser(tokens, expressions);
    }

    /** Returns what reads filters. */
    FilterParser filters() {
        return filters;
    }

    Expression parsePrimary() {
        Token token = tokens.next();
        return switch (token.kind()) {
            case NAME -> name(token.text());
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (tokens.peek().kind() == Kind.STRING) {
                    text.append(tokens.next().text());
                }
                String whole = text.toString();
                yield scope -> whole;
            }
            case INTEGER -> number(token);
            case FLOAT -> {
                Double number = Double.valueOf(token.text());
                yield scope -> number;
            }
            case OPERATOR -> parseBrackets(token);
            default ->
                    throw TemplateError.at(
                            token.line(), "unexpected %s where a value is due", token);
        };
    }

    private static Expression number(Token token) {
        if (token.text().length() > 18) {
            throw TemplateError.at(token.line(), "the number %s is too large", token);
        }
        Long number = Long.valueOf(token.text());
        return scope -> number;
    }

    private static Expression name(String name) {
        return switch (name) {
            case "true", "True" -> scope -> true;
            case "false", "False" -> scope -> false;
            case "none", "None" -> scope -> null;
            default -> scope -> scope.get(name);
        };
    }

    private Expression parseBrackets(Token open) {
        return switch (open.text()) {
            case "(" -> {
                Expression value =
                        tokens.peek().isOperator(")") ? tuple(List.of()) : expressions.parseTuple();
                tokens.expect(")");
                yield value;
            }
            case "[" -> {
                List<Expression> items = new ArrayList<>();
                while (!tokens.accept("]")) {
                    items.add(expressions.parse());
                    separate("]");
                }
                yield scope -> evaluated(items, scope);
            }
            case "{" -> {
                Map<Expression, Expression> entries = new LinkedHashMap<>();
                while (!tokens.accept("}")) {
                    Expression key = expressions.parse();
                    tokens.expect(":");
                    entries.put(key, expressions.parse());
                    separate("}");
                }
                yield scope -> map(entries, scope);
            }
            default ->
                    throw TemplateError.at(open.line(), "unexpected %s where a value is due", open);
        };
    }

    private void separate(String end) {
        if (!tokens.peek().isOperator(end)) {
            tokens.expect(",");
        }
    }

    static List<Object> evaluated(List<Expression> items, Scope scope) {
        scope.python().budget().make(items.size());
        List<Object> values = new ArrayList<>();
        items.forEach(item -> values.add(item.evaluate(scope)));
        return values;
    }

    private static Map<Object, Object> map(Map<Expression, Expression> entries, Scope scope) {
        scope.python().budget().make(entries.size());
        Map<Object, Object> values = new LinkedHashMap<>();
        entries.forEach(
                (key, value) -> {
                    Object name = key.evaluate(scope);
                    if (!(name instanceof Long)) {
                        Python.string(name, "a key");
                    }
                    values.put(name, value.evaluate(scope));
                });
        return values;
    }

    static Expression tuple(List<Expression> items) {
        return scope -> new Tuple(items.stream().map(item -> item.evaluate(scope)).toArray());
    }

    /** Reads what follows a value: attributes, keys, calls, and filters and tests if they may. */
    Expression parsePostfix(Expression value, boolean filtered) {
        int before = tokens.depth();
        Expression result = value;
        while (true) {
            Expression more = parseAccess(result);
            if (more == null && filtered) {
                more = filters.parseFilterOrTest(result);
            }
            if (more == null) {
                tokens.returnTo(before);
                return result;
            }
            tokens.enter();
            result = more;
        }
    }

    private Expression parseAccess(Expression value) {
        if (tokens.accept(".")) {
            Token name = tokens.next();
            if (name.kind() == Kind.INTEGER) {
                Expression index = number(name);
                return s -> Access.item(s.python(), value.evaluate(s), index.evaluate(s));
            }
            if (name.kind() != Kind.NAME) {
                throw TemplateError.at(name.line(), "unexpected %s where a name is due", name);
            }
            return scope -> Access.attribute(value.evaluate(scope), name.text());
        }
        if (tokens.accept("[")) {
            return parseSubscript(value);
        }
        if (tokens.peek().isOperator("(")) {
            Call call = Call.parse(tokens, expressions);
            return scope -> call(value.evaluate(scope), call, scope);
        }
        return null;
    }

    private static Object call(Object function, Call call, Scope scope) {
        if (function instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!(function instanceof Callable callable)) {
            throw new TemplateError("%s can't be called", Python.name(function));
        }
        scope.python().budget().spend(1);
        return callable.call(scope.python(), call.arguments(scope));
    }

    private Expression parseSubscript(Expression value) {
        Expression from = tokens.peek().isOperator(":") ? null : expressions.parse();
        if (tokens.accept("]")) {
            return s -> Access.item(s.python(), value.evaluate(s), from.evaluate(s));
        }
        tokens.expect(":");
        Expression to = endsBound() ? null : expressions.parse();
        Expression step = tokens.accept(":") && !endsBound() ? expressions.parse() : null;
        tokens.expect("]");
        return s ->
                Access.slice(
                        s.python(),
                        value.evaluate(s),
                        from == null ? null : from.evaluate(s),
                        to == null ? null : to.evaluate(s),
                        step == null ? null : step.evaluate(s));
    }

    private boolean endsBound() {
        return tokens.peek().isOperator(":") || tokens.peek().isOperator("]");
    }
}
