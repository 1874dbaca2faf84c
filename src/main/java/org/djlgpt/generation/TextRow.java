package org.djlgpt.generation;

import org.djlgpt.text.Tokenizer;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Set;

/** A prompt's continuation: what its tokens say before a stop token or a stop string comes. */
final class TextRow {

    private final TokenRow tokens;
    private final Tokenizer tokenizer;
    private final Set<Integer> stopTokens;
    private final Queue<String> pieces = new ArrayDeque<>();
    private final StopStrings stopStrings;
    private final Utf8Stream characters;
    private boolean ended;

    TextRow(
            int[] prompt,
            int maxNewTokens,
            Tokenizer tokenizer,
            Set<Integer> stopTokens,
            List<String> stopStrings) {
        tokens = new TokenRow(prompt, maxNewTokens, this::accept);
        this.tokenizer = tokenizer;
        this.stopTokens = stopTokens;
        this.stopStrings = new StopStrings(stopStrings, pieces::add);
        characters = new Utf8Stream(this.stopStrings::write);
    }

    /** Takes a token and returns whether the text goes on. */
    private boolean accept(int token) {
        if (stopTokens.contains(token)) {
            finish();
        } else {
            characters.write(tokenizer.decodeBytes(token));
            ended = stopStrings.found();
        }
        return !ended;
    }

    /** Makes pieces of what waits for more; called when no more comes. */
    void finish() {
        if (!ended) {
            characters.finish();
            stopStrings.finish();
            ended = true;
        }
    }

    TokenRow tokens() {
        return tokens;
    }

    boolean ended() {
        return ended;
    }

    /** Returns what can be shown of the text and was not yet taken. */
    Queue<String> pieces() {
        return pieces;
    }
}
