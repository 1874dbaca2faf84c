package org.djlgpt.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The merges of a byte-pair encoding: a word starts as its bytes, and as long as two neighbours can
 * be merged, those that were merged first in learning are (Sennrich, Haddow and Birch, Neural
 * Machine Translation of Rare Words with Subword Units, 2016, section 3.2).
 */
final class BytePairs {

    /** Two neighbours, and what they become. */
    record Merge(int left, int right, int result) {}

    /** Enough for the words of a language; a longer one hardly comes twice. */
    private static final int MAX_KNOWN_WORDS = 1 << 16;

    private static final int MAX_KNOWN_LENGTH = 32;

    private final byte[][] tokens;
    private final int[] byteIds = new int[256];
    private final List<Merge> merges = new ArrayList<>();
    private final Map<Long, Integer> ranks = new HashMap<>();
    private final Map<String, int[]> knownWords = new ConcurrentHashMap<>();

    /** Takes ownership of the bytes of all tokens, by id. */
    BytePairs(byte[][] tokens) {
        this.tokens = tokens;
        Arrays.fill(byteIds, -1);
    }

    /** Sets the id of a byte. */
    void setByte(byte value, int id) {
        byteIds[Byte.toUnsignedInt(value)] = id;
    }

    /** Adds a merge, to be tried after all before it; returns false if this pair has one. */
    boolean add(Merge merge) {
        if (ranks.putIfAbsent(pair(merge.left, merge.right), merges.size()) != null) {
            return false;
        }
        return merges.add(merge);
    }

    /** Returns the number of ids. */
    int size() {
        return tokens.length;
    }

    /** Returns the bytes of ids, one after the other. */
    byte[] decode(int... ids) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(4 * ids.length);
        for (int id : ids) {
            TokenizerInput.requireId(id, tokens.length);
            bytes.writeBytes(tokens[id]);
        }
        return bytes.toByteArray();
    }

    /** Returns the ids of a word, which most often is one that has come before. */
    int[] encode(String word) {
        int[] known = knownWords.get(word);
        if (known != null) {
            return known;
        }
        int[] ids = encode(word.getBytes(StandardCharsets.UTF_8));
        if (word.length() <= MAX_KNOWN_LENGTH && knownWords.size() < MAX_KNOWN_WORDS) {
            knownWords.put(word, ids);
        }
        return ids;
    }

    /**
     * Returns the ids of a word, which takes n log n steps.
     *
     * @throws IllegalArgumentException if a byte has no id
     */
    int[] encode(byte[] word) {
        int[] ids = new int[word.length];
        int[] before = new int[word.length]; // where the neighbours are, as merges leave gaps
        int[] after = new int[word.length];
        for (int i = 0; i < word.length; i++) {
            ids[i] = byteId(word[i]);
            before[i] = i - 1;
            after[i] = i + 1;
        }
        PriorityQueue<Long> candidates = new PriorityQueue<>(); // lowest rank, then leftmost
        for (int i = 0; i + 1 < word.length; i++) {
            offer(ids, i, i + 1, candidates);
        }
        while (!candidates.isEmpty()) {
            long candidate = candidates.poll();
            Merge merge = merges.get((int) (candidate >>> Integer.SIZE));
            int left = (int) candidate;
            int right = after[left];
            if (ids[left] != merge.left || right == word.length || ids[right] != merge.right) {
                continue; // another merge came first
            }
            ids[left] = merge.result;
            ids[right] = -1;
            after[left] = after[right];
            if (after[left] < word.length) {
                before[after[left]] = left;
                offer(ids, left, after[left], candidates);
            }
            if (before[left] >= 0) {
                offer(ids, before[left], left, candidates);
            }
        }
        return Arrays.stream(ids).filter(id -> id >= 0).toArray();
    }

    private void offer(int[] ids, int left, int right, PriorityQueue<Long> candidates) {
        Integer rank = ranks.get(pair(ids[left], ids[right]));
        if (rank != null) {
            candidates.add((long) rank << Integer.SIZE | left);
        }
    }

    private int byteId(byte value) {
        int id = byteIds[Byte.toUnsignedInt(value)];
        if (id < 0) {
            throw new IllegalArgumentException(
                    String.format(
                            "text has the byte 0x%02X in UTF-8, for which the vocabulary has no"
                                    + " token; leave its character out",
                            value));
        }
        return id;
    }

    private static long pair(int left, int right) {
        return (long) left << Integer.SIZE | right;
    }
}
