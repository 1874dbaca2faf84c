package org.djlgpt.generation;

import java.util.List;
import java.util.function.Consumer;

/**
 * Passes text on until one of some strings comes, which is left out. What could be the beginning of
 * such a string waits for what follows it.
 */
final class StopStrings {

    private final List<String> strings;
    private final Consumer<String> listener;
    private final StringBuilder waiting = new StringBuilder();
    private boolean found;

    StopStrings(List<String> strings, Consumer<String> listener) {
        this.strings = strings;
        this.listener = listener;
    }

    void write(String text) {
        if (found) {
            return;
        }
        waiting.append(text);
        int stop = firstStop();
        if (stop >= 0) {
            found = true;
            waiting.setLength(stop);
            release(stop);
        } else {
            release(waiting.length() - longestBeginning());
        }
    }

    boolean found() {
        return found;
    }

    /** Passes on what waited. */
    void finish() {
        release(waiting.length());
    }

    private int firstStop() {
        return strings.stream()
                .mapToInt(waiting::indexOf)
                .filter(index -> index >= 0)
                .min()
                .orElse(-1);
    }

    private int longestBeginning() {
        return strings.stream().mapToInt(this::beginning).max().orElse(0);
    }

    /** Returns how many of the last characters are the first ones of a string. */
    private int beginning(String string) {
        int length = Math.min(string.length() - 1, waiting.length());
        while (!string.startsWith(waiting.substring(waiting.length() - length))) {
            length--;
        }
        return length;
    }

    private void release(int length) {
        if (length > 0) {
            String text = waiting.substring(0, length);
            waiting.delete(0, length);
            listener.accept(text);
        }
    }
}
