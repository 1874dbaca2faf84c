package org.djlgpt.text;

import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/** The different words of a corpus, and how often each comes. */
final class WordCounts {

    private WordCounts() {}

    /**
     * Reads a corpus once, on several threads.
     *
     * @param listener takes the bytes of text that were read
     * @return the words of {@link WordSplitter}, in memory
     */
    static Map<String, Long> of(Corpus corpus, int numThreads, LongConsumer listener) {
        TextParts parts = new TextParts(corpus.open(), WordSplitter::isSplit, TextParts.PART_BYTES);
        Iterator<Counted> counted = new InOrder<>(parts, WordCounts::count, numThreads);
        Map<String, Long> all = new HashMap<>();
        long bytes = 0;
        while (counted.hasNext()) {
            Counted next = counted.next();
            next.words.forEach((word, count) -> all.merge(word, count, Long::sum));
            bytes += next.bytes;
            listener.accept(bytes);
        }
        return all;
    }

    /** The words of some parts of a corpus. */
    private record Counted(Map<String, Long> words, long bytes) {}

    private static Counted count(List<TextParts.Part> parts) {
        Map<String, Long> words = new HashMap<>();
        long bytes = 0;
        for (TextParts.Part part : parts) {
            String text = CorpusEncoder.text(part);
            int end;
            for (int start = 0; start < text.length(); start = end) {
                end = WordSplitter.end(text, start);
                words.merge(text.substring(start, end), 1L, Long::sum);
            }
            bytes += part.utf8().length;
        }
        return new Counted(words, bytes);
    }
}
