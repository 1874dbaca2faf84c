package org.djlgpt.text;

import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Finds where a text spells special tokens. */
final class SpecialTokens {

    private final BitSet firsts = new BitSet();
    private final Map<Character, List<String>> tokens;

    SpecialTokens(Collection<String> tokens) {
        this.tokens =
                new HashMap<>(
                        tokens.stream()
                                .filter(token -> !token.isEmpty())
                                .sorted(Comparator.comparing(String::length).reversed())
                                .collect(Collectors.groupingBy(token -> token.charAt(0))));
        this.tokens.keySet().forEach(firsts::set);
    }

    /** Counts the places, of tokens that begin at the same one the longest, none within another. */
    long count(String text) {
        long count = 0;
        for (int i = 0; i < text.length(); i++) {
            if (firsts.get(text.charAt(i))) {
                for (String token : tokens.get(text.charAt(i))) {
                    if (text.startsWith(token, i)) {
                        count++;
                        i += token.length() - 1;
                        break;
                    }
                }
            }
        }
        return count;
    }
}
