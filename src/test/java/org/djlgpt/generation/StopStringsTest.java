package org.djlgpt.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Random;

class StopStringsTest {

    private final StringBuilder text = new StringBuilder();

    @Test
    void whatCouldBeginAStopStringWaitsForWhatFollows() {
        StopStrings stops = stops("<end>");

        stops.write("so <e");
        assertEquals("so ", text.toString());
        stops.write("lse <en");
        assertEquals("so <else ", text.toString());
        stops.write("d> more");

        assertEquals("so <else ", text.toString());
        assertTrue(stops.found());
    }

    @Test
    void theFirstStopStringInTheTextCounts() {
        StopStrings stops = stops("late", "now");

        stops.write("right now or later");

        assertEquals("right ", text.toString());
    }

    @Test
    void whatWaitsIsHandedOutAtTheEnd() {
        StopStrings stops = stops("abc");

        stops.write("xab");
        stops.finish();

        assertEquals("xab", text.toString());
        assertFalse(stops.found());
    }

    @Test
    void nothingIsHandedOutAfterAStopString() {
        StopStrings stops = stops("!");

        stops.write("a!b");
        stops.write("c");
        stops.finish();

        assertEquals("a", text.toString());
    }

    /** Against the whole text at once; few letters, so that beginnings are frequent. */
    @RepeatedTest(200)
    void piecesDoNotMatter(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        String all = letters(random, 30);
        List<String> strings = List.of(letters(random, 3), letters(random, 4));
        StopStrings stops = stops(strings.toArray(String[]::new));

        for (int from = 0; from < all.length(); ) {
            int to = Math.min(all.length(), from + 1 + random.nextInt(4));
            stops.write(all.substring(from, to));
            from = to;
        }
        stops.finish();

        int end =
                strings.stream()
                        .mapToInt(all::indexOf)
                        .filter(index -> index >= 0)
                        .min()
                        .orElse(all.length());
        assertEquals(all.substring(0, end), text.toString(), () -> all + " " + strings);
    }

    private static String letters(Random random, int count) {
        return random.ints(count, 'a', 'c')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private StopStrings stops(String... strings) {
        return new StopStrings(List.of(strings), text::append);
    }
}
