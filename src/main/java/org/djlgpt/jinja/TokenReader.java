package org.djlgpt.jinja;

import org.djlgpt.jinja.Token.Kind;

import java.util.List;

/** Goes through tokens. */
final class TokenReader {

    /** Of brackets in brackets, and of operators in a row; each is a call within a call. */
    private static final int MAX_DEPTH = 200;

    private final List<Token> tokens;
    private int position;
    private int depth;

    TokenReader(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(position);
    }

    Token next() {
        Token token = peek();
        position += token.kind() == Kind.END ? 0 : 1;
        return token;
    }

    int position() {
        return position;
    }

    int depth() {
        return depth;
    }

    /** Goes one level deeper into an expression. */
    void enter() {
        if (++depth > MAX_DEPTH) {
            throw TemplateError.at(
                    peek().line(), "an expression is nested deeper than %d", MAX_DEPTH);
        }
    }

    void leave() {
        depth--;
    }

    void returnTo(int before) {
        depth = before;
    }

    boolean accept(String operator) {
        boolean accepted = peek().isOperator(operator);
        position += accepted ? 1 : 0;
        return accepted;
    }

    boolean acceptName(String name) {
        boolean accepted = peek().isName(name);
        position += accepted ? 1 : 0;
        return accepted;
    }

    void expect(String operator) {
        if (!accept(operator)) {
            throw unexpected(operator + " is due");
        }
    }

    void expectName(String name) {
        if (!acceptName(name)) {
            throw unexpected(name + " is due");
        }
    }

    Token expect(Kind kind, String due) {
        if (peek().kind() != kind) {
            throw unexpected(due + " is due");
        }
        return next();
    }

    TemplateError unexpected(String due) {
        return TemplateError.at(peek().line(), "unexpected %s where %s", peek(), due);
    }
}
