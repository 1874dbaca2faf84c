package org.djlgpt.generation;

import org.djlgpt.text.Tokenizer;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** The text of one sequence, from its tokens to what a listener gets. */
final class TextRow {

    private final Tokenizer tokenizer;
    private final Set<Integer> stopTokens;
    private final StopStrings stopStrings;
    private final Utf8Stream characters;
    private boolean ended;
    private int tokens;

    TextRow(
            Tokenizer tokenizer,
            Set<Integer> stopTokens,
            List<String> stopStrings,
            Consumer<String> listener) {
        this.tokenizer = tokenizer;
        this.stopTokens = stopTokens;
        this.stopStrings = new StopStrings(stopStrings, listener);
        characters = new Utf8Stream(this.stopStrings::write);
    }

    void accept(int token) {
        tokens++;
        if (stopTokens.contains(token)) {
            finish();
            return;
        }
        characters.write(tokenizer.decodeBytes(token));
        ended = stopStrings.found();
    }

    /** Hands out what waits for more; called when no more comes. */
    void finish() {
        if (!ended) {
            characters.finish();
            stopStrings.finish();
            ended = true;
        }
    }

    boolean ended() {
        return ended;
    }

    /** Returns how many tokens came, one that ended the text included. */
    int tokens() {
        return tokens;
    }
}
