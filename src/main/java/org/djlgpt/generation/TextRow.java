package org.djlgpt.generation;

import org.djlgpt.generation.GenerationReport.FinishReason;
import org.djlgpt.text.Tokenizer;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;

/** A prompt's continuation: what its tokens say before a stop token or a stop string comes. */
final class TextRow {

    private final TokenSequence tokens;
    private final int maxNewTokens;
    private final Tokenizer tokenizer;
    private final Set<Integer> stopTokens;
    private final Queue<String> pieces = new ArrayDeque<>();
    private final StopStrings stopStrings;
    private final Utf8Stream characters;
    private final long begin = System.nanoTime();
    private long first = begin;
    private FinishReason finishReason;

    /**
     * Starts a text.
     *
     * @param request asks for it
     * @param prompt the request's, in tokens
     * @param seed the request's, or what stands in for it
     */
    TextRow(TextRequest request, int[] prompt, long seed, Tokenizer tokenizer) {
        tokens =
                new TokenSequence(
                        prompt, request.sampler(), seed, request.maxNewTokens(), this::accept);
        maxNewTokens = request.maxNewTokens();
        this.tokenizer = tokenizer;
        stopTokens = new HashSet<>(request.stopTokens());
        tokenizer.endOfText().ifPresent(stopTokens::add);
        stopStrings = new StopStrings(request.stopStrings(), pieces::add);
        characters = new Utf8Stream(stopStrings::write);
    }

    /** Takes a token and returns whether the text goes on. */
    private boolean accept(int token) {
        first = first == begin ? System.nanoTime() : first;
        if (stopTokens.contains(token)) {
            finish(FinishReason.END_OF_TEXT);
        } else {
            characters.write(tokenizer.decodeBytes(token));
            finishReason = stopStrings.found() ? FinishReason.STOP_STRING : null;
        }
        return finishReason == null;
    }

    /** Makes pieces of what waits for more; called when no more comes. */
    void finish() {
        if (finishReason == null) {
            finish(tokens.hasEnded() ? FinishReason.LENGTH : FinishReason.STOPPED);
        }
    }

    private void finish(FinishReason reason) {
        characters.finish();
        stopStrings.finish();
        finishReason = reason;
    }

    TokenSequence tokens() {
        return tokens;
    }

    int maxNewTokens() {
        return maxNewTokens;
    }

    boolean ended() {
        return finishReason != null;
    }

    /** Returns what can be shown of the text and was not yet taken. */
    Queue<String> pieces() {
        return pieces;
    }

    /** Returns what it took until now. */
    GenerationReport report() {
        int newTokens = tokens.length() - tokens.promptLength();
        double toFirst = (first - begin) / 1e9;
        double total = (System.nanoTime() - begin) / 1e9;
        return new GenerationReport(
                finishReason,
                tokens.promptLength(),
                tokens.promptCached(),
                newTokens,
                toFirst,
                total);
    }

    /** Returns all of the text that was not yet taken. */
    Continuation continuation() {
        finish();
        return new Continuation(String.join("", pieces), report());
    }
}
