package org.djlgpt.text;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads sources once, on several threads, to find out which of them are text, and of what. */
final class CorpusSurvey {

    /**
     * What is known of a source.
     *
     * @param bytes those of its documents
     * @param failure why it is no text, or null
     */
    record Finding(TextSource source, long bytes, String failure) {}

    private final SortedMap<Integer, Long> characters = new TreeMap<>();
    private final ThreadLocal<int[]> counts =
            ThreadLocal.withInitial(() -> new int[Character.MAX_CODE_POINT + 1]);

    /** Some parts of a source, or why there are none. */
    private record Sample(TextSource source, List<TextParts.Part> parts, String failure) {}

    /** What is known of some parts of a source. */
    private record Counts(Finding finding, Map<Integer, Long> characters) {}

    /** Returns the code points of all text that was found, and how often each comes. */
    SortedMap<Integer, Long> characters() {
        return characters;
    }

    /**
     * Reads sources.
     *
     * @return a finding for each, in order
     * @throws IllegalArgumentException if a line of JSON is not as expected
     */
    List<Finding> read(List<TextSource> sources, int numThreads) {
        List<Finding> findings = new ArrayList<>();
        Samples samples = new Samples(sources);
        Iterator<Counts> parts = new InOrder<>(samples, this::survey, numThreads);
        Counts sum = null;
        while (parts.hasNext()) {
            Counts part = parts.next();
            if (sum == null) {
                sum = part;
            } else if (sum.finding.source != part.finding.source) {
                findings.add(finding(sum));
                sum = part;
            } else if (sum.finding.failure == null) {
                sum = sum(sum, part);
            }
            if (part.finding.failure != null) {
                samples.failed = part.finding.source;
            }
        }
        if (sum != null) {
            findings.add(finding(sum));
        }
        return findings;
    }

    private Counts survey(Sample sample) {
        long bytes = 0;
        Map<Integer, Long> met = new HashMap<>();
        String failure = sample.failure;
        try {
            for (TextParts.Part part : sample.parts) {
                count(part.text(), met);
                bytes += part.utf8().length;
            }
        } catch (TextSource.UnreadableTextException e) {
            failure = e.getMessage();
        }
        return new Counts(new Finding(sample.source, bytes, failure), met);
    }

    private static Counts sum(Counts before, Counts part) {
        part.characters.forEach((c, count) -> before.characters.merge(c, count, Long::sum));
        long bytes = before.finding.bytes + part.finding.bytes;
        return new Counts(
                new Finding(before.finding.source, bytes, part.finding.failure), before.characters);
    }

    private Finding finding(Counts whole) {
        if (whole.finding.failure == null) {
            whole.characters.forEach((c, count) -> characters.merge(c, count, Long::sum));
        }
        return whole.finding;
    }

    private void count(String text, Map<Integer, Long> characters) {
        int[] count = counts.get();
        int[] met = new int[16];
        int kinds = 0;
        int character;
        for (int i = 0; i < text.length(); i += Character.charCount(character)) {
            character = text.codePointAt(i);
            if (count[character]++ == 0) {
                met = kinds == met.length ? Arrays.copyOf(met, 2 * kinds) : met;
                met[kinds++] = character;
            }
        }
        for (int i = 0; i < kinds; i++) {
            characters.merge(met[i], (long) count[met[i]], Long::sum);
            count[met[i]] = 0;
        }
    }

    /** The parts of source after source, without the rest of one that is no text. */
    private static final class Samples implements Iterator<Sample> {

        private final Iterator<TextSource> sources;
        private TextSource source;
        private TextParts parts; // of the source, null before its first
        private TextSource failed;
        private Sample next;

        Samples(List<TextSource> sources) {
            this.sources = sources.iterator();
        }

        @Override
        public boolean hasNext() {
            try {
                while (next == null && (parts != null || sources.hasNext())) {
                    next = read();
                }
                return next != null;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Sample read() throws IOException {
            try {
                if (parts == null) {
                    source = sources.next();
                    parts =
                            new TextParts(
                                    source.open(), (before, after) -> true, TextParts.PART_BYTES);
                    return new Sample(source, List.of(), null); // an empty one has a finding, too
                }
                if (source != failed && parts.hasNext()) {
                    return new Sample(source, parts.next(), null);
                }
                close();
                return null;
            } catch (TextSource.UnreadableTextException e) {
                close();
                return new Sample(source, List.of(), e.getMessage());
            } catch (IOException | UncheckedIOException e) {
                close();
                return new Sample(source, List.of(), "can't be read");
            }
        }

        private void close() throws IOException {
            if (parts != null) {
                parts.close();
                parts = null;
            }
        }

        @Override
        public Sample next() {
            if (!hasNext()) {
                throw new NoSuchElementException("there are no more parts");
            }
            Sample sample = next;
            next = null;
            return sample;
        }
    }
}
