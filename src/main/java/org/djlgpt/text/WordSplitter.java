package org.djlgpt.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.stream.IntStream;

/**
 * Cuts text into the words that GPT-2's byte-pair encoding never joins: a letter run, a number or
 * other signs, each with the space before it, an English ending after an apostrophe, white space.
 *
 * <p>The words are those of GPT-2's regular expression, {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|
 * ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}. What is a letter, a number or white space is read from
 * a list, not asked of the Java platform: each release knows other characters than the last, and
 * ids must not depend on it.
 */
final class WordSplitter {

    private static final String CHARACTERS = "characters.txt";
    private static final String[] ENDINGS = {"s", "t", "re", "ve", "m", "ll", "d"};

    private static final BitSet LETTERS = new BitSet();
    private static final BitSet NUMBERS = new BitSet();
    private static final BitSet SPACES = new BitSet();

    static {
        try (InputStream resource = WordSplitter.class.getResourceAsStream(CHARACTERS);
                BufferedReader lines =
                        new BufferedReader(
                                new InputStreamReader(resource, StandardCharsets.US_ASCII))) {
            lines.readLine(); // says where the lists are from
            addRanges(lines.readLine(), LETTERS);
            addRanges(lines.readLine(), NUMBERS);
            addRanges(lines.readLine(), SPACES);
        } catch (IOException e) {
            throw new UncheckedIOException(CHARACTERS + " can't be read", e);
        }
    }

    private WordSplitter() {}

    private static void addRanges(String line, BitSet characters) {
        String[] ranges = line.split(" ");
        for (int i = 1; i < ranges.length; i++) {
            String[] ends = ranges[i].split("-");
            int first = Integer.parseInt(ends[0], 16);
            int last = Integer.parseInt(ends[ends.length - 1], 16);
            characters.set(first, last + 1);
        }
    }

    /** Returns whether every text has a word's end between two characters: before white space. */
    static boolean isSplit(int before, int after) {
        return SPACES.get(after) && !SPACES.get(before);
    }

    /** Returns whether white space follows something else anywhere in a text. */
    static boolean beginsAnotherWord(String text) {
        int[] characters = text.codePoints().toArray();
        return IntStream.range(1, characters.length)
                .anyMatch(i -> isSplit(characters[i - 1], characters[i]));
    }

    /** Returns where the word that starts at an index ends. */
    static int end(String text, int start) {
        char first = text.charAt(start);
        if (first == '\'') {
            for (String ending : ENDINGS) {
                if (text.startsWith(ending, start + 1)) {
                    return start + 1 + ending.length();
                }
            }
        }
        int body = first == ' ' && start + 1 < text.length() ? start + 1 : start;
        BitSet kind = kind(text.codePointAt(body));
        if (kind != SPACES) {
            return runEnd(text, body, kind);
        }
        // The last one before a word is left to it.
        int end = runEnd(text, start, SPACES);
        return end == text.length() || end == start + 1 ? end : end - 1;
    }

    private static int runEnd(String text, int start, BitSet kind) {
        int end = start;
        while (end < text.length() && kind(text.codePointAt(end)) == kind) {
            end += Character.charCount(text.codePointAt(end));
        }
        return end;
    }

    /** Returns the list that a character is in, or null for any other sign. */
    private static BitSet kind(int character) {
        if (LETTERS.get(character)) {
            return LETTERS;
        }
        if (SPACES.get(character)) {
            return SPACES;
        }
        return NUMBERS.get(character) ? NUMBERS : null;
    }
}
