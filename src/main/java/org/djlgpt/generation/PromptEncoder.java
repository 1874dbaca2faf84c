package org.djlgpt.generation;

import org.djlgpt.text.Tokenizer;
import org.djlgpt.tuning.ChatTemplate;
import org.djlgpt.tuning.Message;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Turns a conversation into the tokens of a prompt. Control tokens are those that the template
 * writes; what looks like one within a message is taken as letters, so that nobody ends a turn by
 * writing about it.
 */
final class PromptEncoder {

    /** Stands within what a message spells like a control token; no text has this character. */
    private static final String MARK = "\uFDD0";

    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final List<String> specialTokens; // of at least two characters, the longest first
    private final Pattern special;

    PromptEncoder(Tokenizer tokenizer, ChatTemplate template) {
        this.tokenizer = tokenizer;
        this.template = template;
        specialTokens =
                tokenizer.specialTokens().stream()
                        .filter(token -> token.codePointCount(0, token.length()) > 1)
                        .sorted(Comparator.comparing(String::length).reversed())
                        .toList();
        special =
                specialTokens.isEmpty()
                        ? Pattern.compile("(?!)")
                        : Pattern.compile(
                                specialTokens.stream()
                                        .map(Pattern::quote)
                                        .collect(Collectors.joining("|")));
    }

    /**
     * Writes a conversation up to where an answer is to follow.
     *
     * @return the text, in which contents are marked
     */
    String render(List<Message> messages) {
        List<Message> marked =
                messages.stream().map(m -> new Message(m.role(), marked(m.content()))).toList();
        return template.render(marked, true);
    }

    /** Returns what a message says, with a mark in each control token that it spells. */
    String marked(String content) {
        if (content.contains(MARK)) {
            throw new IllegalArgumentException(
                    "a message has U+FDD0, which is no character of a text; leave it out");
        }
        String marked = content;
        for (String token : specialTokens) {
            int first = token.offsetByCodePoints(0, 1);
            String apart = token.substring(0, first) + MARK + token.substring(first);
            marked = marked.replace(token, apart);
        }
        return marked;
    }

    /** Returns the tokens of a text whose contents are marked. */
    int[] encode(String text) {
        if (!text.contains(MARK)) {
            return tokenizer.encodeWithSpecialTokens(text);
        }
        List<int[]> parts = new ArrayList<>();
        StringBuilder controlled = new StringBuilder();
        Matcher tokens = special.matcher(text);
        int end = 0;
        while (end < text.length()) {
            boolean found = tokens.find();
            String letters = text.substring(end, found ? tokens.start() : text.length());
            if (letters.contains(MARK)) {
                parts.add(tokenizer.encodeWithSpecialTokens(controlled.toString()));
                parts.add(tokenizer.encode(letters.replace(MARK, "")));
                controlled.setLength(0);
            } else {
                controlled.append(letters);
            }
            controlled.append(found ? tokens.group() : "");
            end = found ? tokens.end() : text.length();
        }
        parts.add(tokenizer.encodeWithSpecialTokens(controlled.toString()));
        return parts.stream().flatMapToInt(IntStream::of).toArray();
    }

    /** Returns what the template writes behind an answer, as {@link ChatTemplate#endOfTurn}. */
    String endOfTurn() {
        return template.endOfTurn(specialTokens);
    }

    boolean isSpecial(String token) {
        return specialTokens.contains(token);
    }
}
