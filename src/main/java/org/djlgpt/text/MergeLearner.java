package org.djlgpt.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * Learns the merges of a byte-pair encoding: two neighbours that come most often become a token,
 * again and again (Sennrich, Haddow and Birch, 2016, algorithm 1).
 *
 * <p>Pairs are counted once, and then only those beside a merge anew. Of pairs that come equally
 * often that of the smallest ids is merged first, as in Hugging Face's tokenizers. Two pairs may
 * spell the same token, as in runs of one letter; they share its id.
 */
final class MergeLearner {

    private final List<String> tokens; // by id, in the letters of ByteAlphabet, one for a byte
    private final Map<String, Integer> ids = new HashMap<>();
    private final int numSpecial;

    /** Of all words: at the first byte of a token its id, at its last ~ the place of the first. */
    private final int[] symbols;

    private final int[] words; // of each byte
    private final long[] counts; // of each word
    private final Map<Long, Pair> pairs = new HashMap<>();
    private final List<Pair> grown = new ArrayList<>();
    private final PriorityQueue<Candidate> candidates = new PriorityQueue<>();
    private final Set<String> merges = new LinkedHashSet<>();

    /** Two neighbours, how often they come, and where they once came. */
    private static final class Pair {

        final int left;
        final int right;
        long count;
        int[] places = new int[2];
        int numPlaces;
        boolean isGrown; // since it was last offered

        Pair(int left, int right) {
            this.left = left;
            this.right = right;
        }

        void add(int place) {
            if (numPlaces == places.length) {
                places = Arrays.copyOf(places, 2 * numPlaces);
            }
            places[numPlaces++] = place;
        }

        /** Returns the places from left to right, and forgets them. */
        int[] takePlaces() {
            int[] taken = Arrays.copyOf(places, numPlaces);
            Arrays.sort(taken);
            places = new int[2];
            numPlaces = 0;
            return taken;
        }
    }

    /** A pair, and how often it came when it was last looked at. */
    private record Candidate(Pair pair, long count) implements Comparable<Candidate> {

        @Override
        public int compareTo(Candidate other) {
            if (count != other.count) {
                return Long.compare(other.count, count);
            }
            return pair.left != other.pair.left
                    ? Integer.compare(pair.left, other.pair.left)
                    : Integer.compare(pair.right, other.pair.right);
        }
    }

    /**
     * Takes the words to learn from.
     *
     * @param tokens the tokens that are there from the beginning, by id: special ones, then the 256
     *     letters; takes ownership
     * @param words the words and how often each comes
     * @throws IllegalArgumentException if the words are too many
     */
    MergeLearner(List<String> tokens, Map<String, Long> words) {
        this.tokens = tokens;
        numSpecial = tokens.size() - 256;
        for (int id = tokens.size() - 1; id >= 0; id--) {
            ids.put(tokens.get(id), id);
        }
        long bytes = words.keySet().stream().mapToLong(MergeLearner::length).sum();
        if (bytes > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "the text has %,d different words of %,d bytes, but at most %,d can be learnt from; give a part of it"
                            .formatted(words.size(), bytes, Integer.MAX_VALUE - 8));
        }
        symbols = new int[(int) bytes];
        this.words = new int[symbols.length];
        counts = new long[words.size()];
        spell(words);
    }

    private static long length(String word) {
        return word.chars().allMatch(c -> c < 0x80)
                ? word.length()
                : word.getBytes(StandardCharsets.UTF_8).length;
    }

    private void spell(Map<String, Long> wordCounts) {
        int word = 0;
        int place = 0;
        for (Map.Entry<String, Long> entry : wordCounts.entrySet()) {
            counts[word] = entry.getValue();
            String letters = ByteAlphabet.spell(entry.getKey().getBytes(StandardCharsets.UTF_8));
            for (int i = 0; i < letters.length(); i++, place++) {
                symbols[place] = ids.get(letters.substring(i, i + 1));
                words[place] = word;
                if (i > 0) {
                    add(symbols[place - 1], symbols[place], place - 1);
                }
            }
            word++;
        }
    }

    /**
     * Learns merges until there are so many tokens, or no pair comes often enough.
     *
     * @param listener takes the number of tokens, after each merge
     * @return the merges in order, each as two tokens with a space between; what they make is among
     *     the tokens
     * @throws IllegalArgumentException if a special token is spelled like one that is learnt
     */
    List<String> learn(int vocabSize, long minFrequency, IntConsumer listener) {
        offerGrown();
        while (tokens.size() < vocabSize && !candidates.isEmpty()) {
            Candidate best = candidates.poll();
            Pair pair = best.pair;
            if (best.count != pair.count) { // a merge beside it has taken some
                offer(pair);
            } else if (pair.count < minFrequency) {
                break;
            } else if (pair.numPlaces > 0) {
                merge(pair, result(pair));
                offerGrown();
                listener.accept(tokens.size());
            }
        }
        return List.copyOf(merges);
    }

    private int result(Pair pair) {
        String merge = tokens.get(pair.left) + " " + tokens.get(pair.right);
        merges.remove(merge); // what is learnt again counts from then on
        merges.add(merge);
        String token = tokens.get(pair.left) + tokens.get(pair.right);
        int id = ids.computeIfAbsent(token, added -> tokens.size());
        if (id < numSpecial) {
            throw new IllegalArgumentException(
                    "the special token \"%s\" is a part of words of the text as well; choose one that is none, such as <|%s|>"
                            .formatted(token, token));
        }
        if (id == tokens.size()) {
            tokens.add(token);
        }
        return id;
    }

    private void merge(Pair pair, int result) {
        int leftLength = tokens.get(pair.left).length();
        int rightLength = tokens.get(pair.right).length();
        for (int left : pair.takePlaces()) {
            int right = left + leftLength;
            int end = right + rightLength; // of both
            boolean isThere =
                    symbols[left] == pair.left
                            && end <= symbols.length
                            && symbols[right] == pair.right
                            && words[right] == words[left];
            if (!isThere) {
                continue; // another merge came first
            }
            long count = counts[words[left]];
            boolean isFirst = left == 0 || words[left - 1] != words[left];
            boolean isLast = end == symbols.length || words[end] != words[left];
            int before = isFirst ? -1 : symbols[left - 1] < 0 ? ~symbols[left - 1] : left - 1;
            if (!isFirst) {
                count(symbols[before], pair.left).count -= count;
                add(symbols[before], result, before);
            }
            symbols[right] = -1;
            symbols[end - 1] = ~left;
            symbols[left] = result;
            if (!isLast) {
                count(pair.right, symbols[end]).count -= count;
                add(result, symbols[end], left);
            }
        }
    }

    private Pair count(int left, int right) {
        return pairs.computeIfAbsent(
                (long) left << Integer.SIZE | right, added -> new Pair(left, right));
    }

    private void add(int left, int right, int place) {
        Pair pair = count(left, right);
        pair.count += counts[words[place]];
        pair.add(place);
        if (!pair.isGrown) {
            pair.isGrown = true;
            grown.add(pair);
        }
    }

    private void offerGrown() {
        for (Pair pair : grown) {
            pair.isGrown = false;
            offer(pair);
        }
        grown.clear();
    }

    private void offer(Pair pair) {
        if (pair.count > 0) {
            candidates.add(new Candidate(pair, pair.count));
        } else {
            pairs.remove((long) pair.left << Integer.SIZE | pair.right, pair);
        }
    }
}
