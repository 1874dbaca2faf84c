package org.djlgpt.jinja;

import org.djlgpt.jinja.FilterParser.Filtering;
import org.djlgpt.jinja.Statement.Flow;
import org.djlgpt.jinja.Token.Kind;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Turns tokens into statements: text, what is written, and what stands in tags. */
final class StatementParser {

    /** Of blocks in blocks. */
    private static final int MAX_DEPTH = 100;

    private final TokenReader tokens;
    private final ExpressionParser expressions;
    private int depth;
    private int loops;

    private StatementParser(TokenReader tokens) {
        this.tokens = tokens;
        expressions = new ExpressionParser(tokens);
    }

    static Statement parse(List<Token> tokens) {
        StatementParser parser = new StatementParser(new TokenReader(tokens));
        Statement whole = parser.parseBlock(Set.of());
        if (parser.tokens.peek().kind() != Kind.END) {
            throw parser.tokens.unexpected("no block is open");
        }
        return whole;
    }

    /** Reads up to one of some tags, and the beginning of that, or up to the end. */
    private Statement parseBlock(Set<String> ends) {
        if (++depth > MAX_DEPTH) {
            throw TemplateError.at(
                    tokens.peek().line(), "blocks are nested deeper than %d", MAX_DEPTH);
        }
        List<Statement> statements = new ArrayList<>();
        while (true) {
            Token token = tokens.next();
            switch (token.kind()) {
                case DATA -> statements.add(data(token));
                case OUTPUT_BEGIN -> statements.add(parseOutput(token.line()));
                case END -> {
                    if (!ends.isEmpty()) {
                        throw tokens.unexpected("one of %s is due".formatted(ends));
                    }
                    depth--;
                    return sequence(statements);
                }
                default -> {
                    if (tokens.peek().kind() == Kind.NAME && ends.contains(tokens.peek().text())) {
                        depth--;
                        return sequence(statements);
                    }
                    statements.add(parseTag());
                }
            }
        }
    }

    private static Statement sequence(List<Statement> statements) {
        return (scope, out) -> {
            for (Statement statement : statements) {
                Flow flow = statement.execute(scope, out);
                if (flow != Flow.NEXT) {
                    return flow;
                }
            }
            return Flow.NEXT;
        };
    }

    private static Statement data(Token token) {
        return (scope, out) -> write(scope, out, token.text());
    }

    private static Flow write(Scope scope, StringBuilder out, String text) {
        scope.python().budget().make(text.length());
        out.append(text);
        return Flow.NEXT;
    }

    private Statement parseOutput(int line) {
        int begin = tokens.position();
        Expression value = expressions.parseTuple();
        int cost = tokens.position() - begin;
        tokens.expect(Kind.OUTPUT_END, "}}");
        return (scope, out) -> {
            scope.python().budget().begin(line, cost);
            return write(scope, out, scope.python().text(value.evaluate(scope)));
        };
    }

    private Statement parseTag() {
        Token name = tokens.expect(Kind.NAME, "the name of a tag");
        return switch (name.text()) {
            case "if" -> parseIf(name.line());
            case "for" -> parseFor(name.line());
            case "set" -> parseSet(name.line());
            case "macro" -> parseMacro();
            case "with" -> parseWith(name.line());
            case "filter" -> parseFilterBlock();
            case "generation" -> parseGeneration();
            case "break" -> parseJump(name, Flow.BREAK);
            case "continue" -> parseJump(name, Flow.CONTINUE);
            case "include", "import", "from", "extends" ->
                    throw TemplateError.at(
                            name.line(), "%s would read another template, which none may", name);
            default -> throw TemplateError.at(name.line(), "the tag %s is not supported", name);
        };
    }

    private void endTag() {
        tokens.expect(Kind.TAG_END, "%}");
    }

    private Statement parseIf(int line) {
        List<Expression> conditions = new ArrayList<>();
        List<Statement> bodies = new ArrayList<>();
        int begin = tokens.position();
        String tag = "if";
        while (!tag.equals("endif")) {
            conditions.add(tag.equals("else") ? scope -> true : expressions.parseTuple());
            endTag();
            bodies.add(
                    parseBlock(
                            tag.equals("else")
                                    ? Set.of("endif")
                                    : Set.of("elif", "else", "endif")));
            tag = tokens.next().text();
        }
        endTag();
        int cost = Math.min(tokens.position() - begin, 1 + 10 * conditions.size());
        return (scope, out) -> {
            scope.python().budget().begin(line, cost);
            for (int i = 0; i < bodies.size(); i++) {
                if (conditions.get(i).isTrue(scope)) {
                    return bodies.get(i).execute(scope, out);
                }
            }
            return Flow.NEXT;
        };
    }

    private Statement parseFor(int line) {
        Targets targets = Targets.parse(tokens);
        tokens.expectName("in");
        Expression items = expressions.parseOr();
        Expression condition = tokens.acceptName("if") ? expressions.parse() : null;
        if (tokens.peek().isName("recursive")) {
            throw TemplateError.at(line, "a recursive loop is not supported");
        }
        endTag();
        loops++;
        Statement body = parseBlock(Set.of("else", "endfor"));
        loops--;
        Statement otherwise = null;
        if (tokens.next().isName("else")) {
            endTag();
            otherwise = parseBlock(Set.of("endfor"));
            tokens.next();
        }
        endTag();
        return new ForLoop(line, targets, items, condition, body, otherwise);
    }

    private Statement parseJump(Token name, Flow flow) {
        if (loops == 0) {
            throw TemplateError.at(name.line(), "%s stands outside of a loop", name);
        }
        endTag();
        return (scope, out) -> flow;
    }

    private Statement parseSet(int line) {
        Targets targets = Targets.parse(tokens);
        String attribute = tokens.accept(".") ? tokens.expect(Kind.NAME, "a name").text() : null;
        int begin = tokens.position();
        Expression value;
        if (tokens.accept("=")) {
            value = expressions.parseTuple();
            endTag();
        } else {
            Filtering filters = expressions.values().filters().parseAll();
            endTag();
            Statement body = parseBlock(Set.of("endset"));
            tokens.next();
            endTag();
            value = scope -> filters.of(body.capture(scope.inner()), scope);
        }
        int cost = tokens.position() - begin;
        return (scope, out) -> {
            scope.python().budget().begin(line, cost);
            targets.assign(scope, attribute, value.evaluate(scope));
            return Flow.NEXT;
        };
    }

    private Statement parseFilterBlock() {
        FilterParser parser = expressions.values().filters();
        Filtering first = parser.parse();
        Filtering others = parser.parseAll();
        endTag();
        Statement body = parseBlock(Set.of("endfilter"));
        tokens.next();
        endTag();
        return (scope, out) -> {
            Object value = others.of(first.of(body.capture(scope.inner()), scope), scope);
            return write(scope, out, scope.python().text(value));
        };
    }

    private Statement parseMacro() {
        String name = tokens.expect(Kind.NAME, "the name of a macro").text();
        Map<String, Expression> parameters = new LinkedHashMap<>();
        tokens.expect("(");
        while (!tokens.accept(")")) {
            String parameter = tokens.expect(Kind.NAME, "the name of a parameter").text();
            parameters.put(parameter, tokens.accept("=") ? expressions.parse() : null);
            if (!tokens.peek().isOperator(")")) {
                tokens.expect(",");
            }
        }
        endTag();
        int outside = loops;
        loops = 0;
        Statement body = parseBlock(Set.of("endmacro"));
        loops = outside;
        tokens.next();
        endTag();
        return (scope, out) -> {
            scope.set(name, new Macro(name, parameters, body, scope));
            return Flow.NEXT;
        };
    }

    private Statement parseWith(int line) {
        Map<String, Expression> values = new LinkedHashMap<>();
        while (tokens.peek().kind() == Kind.NAME) {
            String name = tokens.next().text();
            tokens.expect("=");
            values.put(name, expressions.parse());
            tokens.accept(",");
        }
        endTag();
        Statement body = parseBlock(Set.of("endwith"));
        tokens.next();
        endTag();
        return (scope, out) -> {
            scope.python().budget().begin(line, 1 + values.size());
            Scope inner = scope.inner();
            values.forEach((name, value) -> inner.set(name, value.evaluate(scope)));
            return body.execute(inner, out);
        };
    }

    /** What is inside marks the assistant's words for transformers, and is written as it is. */
    private Statement parseGeneration() {
        endTag();
        Statement body = parseBlock(Set.of("endgeneration"));
        tokens.next();
        endTag();
        return (scope, out) -> body.execute(scope.inner(), out);
    }
}
