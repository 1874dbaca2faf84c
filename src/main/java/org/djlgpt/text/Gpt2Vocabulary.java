package org.djlgpt.text;

import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.IntArrayList;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * GPT-2's tokens and merges as its published files spell them, derived from the ranks of an
 * encoding.
 *
 * <p>An encoding knows the bytes of every token but not the two tokens that it was merged from. A
 * merge made the token out of what the earlier merges had left of its bytes, so running these on
 * them leaves exactly the two (Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words
 * with Subword Units, 2016, section 3.2).
 */
final class Gpt2Vocabulary {

    private static final int BYTES = 256;

    private final List<String> tokens = new ArrayList<>();
    private final Map<String, Integer> ranks = new HashMap<>();

    /** Reads the tokens 0 to {@code size} - 1; the first 256 are the single bytes. */
    Gpt2Vocabulary(Encoding encoding, int size) {
        for (int id = 0; id < size; id++) {
            IntArrayList one = new IntArrayList(1);
            one.add(id);
            String token = ByteAlphabet.spell(encoding.decodeBytes(one));
            tokens.add(token);
            ranks.put(token, id);
        }
    }

    /** Returns the tokens in the order of their ids, in the letters of {@link ByteAlphabet}. */
    List<String> tokens() {
        return Collections.unmodifiableList(tokens);
    }

    /**
     * Returns the merges in the order that they are tried, each as two tokens with a space between.
     */
    List<String> merges() {
        List<String> merges = new ArrayList<>(tokens.size() - BYTES);
        for (int rank = BYTES; rank < tokens.size(); rank++) {
            merges.add(String.join(" ", partsOf(tokens.get(rank), rank)));
        }
        return merges;
    }

    /** Merges the letters of a token, lowest rank first, until two parts are left. */
    private List<String> partsOf(String token, int rank) {
        List<String> parts = new ArrayList<>(List.of(token.split("")));
        while (parts.size() > 2) {
            int best = rank;
            int at = -1;
            for (int i = 0; i + 1 < parts.size(); i++) {
                Integer candidate = ranks.get(parts.get(i).concat(parts.get(i + 1)));
                if (candidate != null && candidate < best) {
                    best = candidate;
                    at = i;
                }
            }
            if (at < 0) {
                throw new IllegalStateException(
                        "token " + rank + " is not made of two earlier ones: " + parts);
            }
            parts.set(at, parts.get(at).concat(parts.remove(at + 1)));
        }
        return parts;
    }
}
