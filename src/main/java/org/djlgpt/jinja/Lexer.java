package org.djlgpt.jinja;

import org.djlgpt.jinja.Token.Kind;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens. White space is as with transformers' settings: the line end after a
 * block tag goes ({@code trim_blocks}), so does the indent before one ({@code lstrip_blocks}) and a
 * line end at the end of the source.
 */
final class Lexer {

    private static final Pattern RAW = Pattern.compile("\\s*raw\\s*(-%}\\s*|%})");
    private static final Pattern END_RAW =
            Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(\\+%}|-%}\\s*|%}\\n?)");
    private static final Pattern TAG_END = Pattern.compile("\\+%}|-%}\\s*|%}\\n?");
    private static final Pattern OUTPUT_END = Pattern.compile("-}}\\s*|}}");
    private static final Pattern NUMBER =
            Pattern.compile("(\\d+(?:_\\d+)*)((?:\\.\\d+)?[eE][+-]?\\d+|\\.\\d+)?");
    private static final Pattern NAME = Pattern.compile("(?U)[\\p{L}_][\\w]*");
    private static final Pattern OPERATOR =
            Pattern.compile("\\*\\*|//|==|!=|<=|>=|[-+/*%~\\[\\](){}<>=.:|,;]");
    private static final Pattern STRING =
            Pattern.compile("'((?:[^'\\\\]|\\\\.)*+)'|\"((?:[^\"\\\\]|\\\\.)*+)\"", Pattern.DOTALL);

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    private int line = 1;
    private int counted; // up to where lines were counted

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String source) {
        String lines = source.replace("\r\n", "\n").replace('\r', '\n');
        boolean ends = lines.endsWith("\n");
        Lexer lexer = new Lexer(ends ? lines.substring(0, lines.length() - 1) : lines);
        while (lexer.position < lexer.source.length()) {
            lexer.readData();
        }
        lexer.add(Kind.END, "");
        return lexer.tokens;
    }

    private void add(Kind kind, String text) {
        while (counted < position) {
            line += source.charAt(counted++) == '\n' ? 1 : 0;
        }
        tokens.add(new Token(kind, text, line));
    }

    private void readData() {
        int open = opening();
        String text = source.substring(position, open);
        if (open == source.length()) {
            add(Kind.DATA, text);
            position = open;
            return;
        }
        char kind = source.charAt(open + 1);
        char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
        addData(text, sign, kind != '{');
        position = open + (sign == '-' || sign == '+' ? 3 : 2);
        switch (kind) {
            case '#' -> readComment();
            case '%' -> readTag();
            default -> {
                add(Kind.OUTPUT_BEGIN, "{{");
                readInside(OUTPUT_END, Kind.OUTPUT_END);
            }
        }
    }

    private int opening() {
        for (int i = position; i + 1 < source.length(); i++) {
            if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return source.length();
    }

    private void addData(String text, char sign, boolean isTag) {
        String kept = text;
        if (sign == '-') {
            kept = Text.stripEnd(text);
        } else if (sign != '+' && isTag) {
            int indent = text.lastIndexOf('\n') + 1;
            boolean begins = indent > 0 || position == 0 || source.charAt(position - 1) == '\n';
            kept =
                    begins && Text.isSpace(text.substring(indent))
                            ? text.substring(0, indent)
                            : text;
        }
        if (!kept.isEmpty()) {
            add(Kind.DATA, kept);
        }
    }

    private void readComment() {
        int end = source.indexOf("#}", position);
        if (end < 0) {
            add(Kind.END, "");
            throw TemplateError.at(line, "a comment has no end; #} is missing");
        }
        char sign = end > position ? source.charAt(end - 1) : ' ';
        position = end + 2;
        if (sign == '-') {
            skipSpace();
        } else if (sign != '+' && source.startsWith("\n", position)) {
            position++;
        }
    }

    private void skipSpace() {
        while (position < source.length() && Text.isSpace(source.charAt(position))) {
            position++;
        }
    }

    private void readTag() {
        Matcher raw = at(RAW);
        if (!raw.lookingAt()) {
            add(Kind.TAG_BEGIN, "{%");
            readInside(TAG_END, Kind.TAG_END);
            return;
        }
        position = raw.end();
        Matcher end = at(END_RAW);
        if (!end.find()) {
            throw TemplateError.at(line, "raw has no end; {%% endraw %%} is missing");
        }
        addData(
                source.substring(position, end.start()),
                end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0),
                true);
        position = end.end();
    }

    private Matcher at(Pattern pattern) {
        return pattern.matcher(source).region(position, source.length());
    }

    /** Up to the end of a tag; an end inside of brackets is none. */
    private void readInside(Pattern end, Kind endKind) {
        Deque<String> open = new ArrayDeque<>();
        while (true) {
            skipSpace();
            Matcher ends = at(end);
            if (open.isEmpty() && ends.lookingAt()) {
                add(endKind, ends.group());
                position = ends.end();
                return;
            }
            if (position == source.length()) {
                add(Kind.END, "");
                throw TemplateError.at(
                        line,
                        "a tag has no end; %s is missing",
                        endKind == Kind.TAG_END ? "%}" : "}}");
            }
            Token token = readToken();
            if (token.kind() == Kind.OPERATOR) {
                balance(open, token);
            }
        }
    }

    private static void balance(Deque<String> open, Token token) {
        switch (token.text()) {
            case "(" -> open.push(")");
            case "[" -> open.push("]");
            case "{" -> open.push("}");
            case ")", "]", "}" -> {
                if (open.isEmpty() || !open.pop().equals(token.text())) {
                    throw TemplateError.at(token.line(), "unexpected %s", token);
                }
            }
            default -> {}
        }
    }

    private Token readToken() {
        Matcher name = at(NAME);
        Matcher number = at(NUMBER);
        Matcher string = at(STRING);
        Matcher operator = at(OPERATOR);
        if (name.lookingAt()) {
            add(Kind.NAME, name.group());
            position = name.end();
        } else if (number.lookingAt()) {
            boolean whole = number.group(2) == null;
            add(whole ? Kind.INTEGER : Kind.FLOAT, number.group().replace("_", ""));
            position = number.end();
        } else if (string.lookingAt()) {
            add(Kind.STRING, "");
            String content = string.group(1) == null ? string.group(2) : string.group(1);
            tokens.set(
                    tokens.size() - 1, new Token(Kind.STRING, Text.unescape(content, line), line));
            position = string.end();
        } else if (operator.lookingAt()) {
            add(Kind.OPERATOR, operator.group());
            position = operator.end();
        } else {
            add(Kind.END, "");
            throw TemplateError.at(
                    line,
                    "unexpected character %s",
                    Text.quoted(source.substring(position, position + 1)));
        }
        return tokens.get(tokens.size() - 1);
    }
}
