package org.djlgpt.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;

class SeededShuffleTest {

    @Test
    void anEpochVisitsEveryRecordOnce() {
        for (int size = 1; size <= 200; size++) {
            SeededShuffle shuffle = new SeededShuffle(7, size, false);

            long[] visited = epoch(shuffle, size, size % 3);

            Arrays.sort(visited);
            assertArrayEquals(LongStream.range(0, size).toArray(), visited, "size " + size);
        }
    }

    @Test
    void aLargeDataSetIsShuffledWithoutRepetition() {
        Random random = new Random(2);
        for (long size : new long[] {1_000_003, 1L << 31, (1L << 40) + 1, Long.MAX_VALUE}) {
            FeistelPermutation order = new FeistelPermutation(size, random.nextLong());
            Set<Long> seen = new HashSet<>();
            long inLowerHalf = 0;
            for (int place = 0; place < 10_000; place++) {
                long index = order.at(place);
                assertTrue(index >= 0 && index < size, index + " of " + size);
                assertTrue(seen.add(index), "index " + index + " of " + size + " comes twice");
                inLowerHalf += index < size / 2 ? 1 : 0;
            }
            // Five standard deviations of a fair coin thrown 10,000 times are 250.
            assertEquals(5000, inLowerHalf, 250, "size " + size);
        }
    }

    /**
     * The expected orders come from an implementation in Python. They must stay, or runs can't
     * resume.
     */
    @Test
    void theOrderOfASeedIsFixed() {
        SeededShuffle shuffle = new SeededShuffle(10, 42, false);

        assertArrayEquals(new long[] {9, 3, 1, 0, 5, 4, 6, 7, 8, 2}, shuffle.batch(10, 0, 0));
        assertArrayEquals(new long[] {7, 6, 3, 4, 2, 9, 1, 8, 0, 5}, shuffle.batch(10, 1, 0));
        FeistelPermutation large =
                new FeistelPermutation(1_000_000_000_000L, FeistelPermutation.mix(42) + 3);
        assertArrayEquals(
                new long[] {491006860226L, 744961687375L, 866502637978L},
                LongStream.of(0, 1, 999_999_999_999L).map(large::at).toArray());
    }

    @Test
    void everyRecordComesFirstAboutAsOften() {
        for (int size : new int[] {2, 3, 5, 16}) {
            int[] firsts = new int[size];
            int epochs = 2000 * size;
            for (int epoch = 0; epoch < epochs; epoch++) {
                firsts[(int) new SeededShuffle(1, 11, false).batch(size, epoch, 0)[0]]++;
            }
            // Five standard deviations of a count whose mean is 2000 are less than 224.
            for (int first : firsts) {
                assertEquals(2000, first, 224, "of " + Arrays.toString(firsts));
            }
        }
    }

    @Test
    void epochsAndSeedsDiffer() {
        SeededShuffle shuffle = new SeededShuffle(50, 1, false);

        assertArrayEquals(shuffle.batch(50, 0, 0), new SeededShuffle(50, 1, true).batch(50, 0, 0));
        assertFalse(Arrays.equals(shuffle.batch(50, 0, 0), shuffle.batch(50, 1, 0)));
        assertFalse(
                Arrays.equals(
                        shuffle.batch(50, 0, 0), new SeededShuffle(50, 2, false).batch(50, 0, 0)));
    }

    @Test
    void theLastBatchIsSmallerOrDropped() {
        SeededShuffle keeps = new SeededShuffle(4, 1, false);
        SeededShuffle drops = new SeededShuffle(4, 1, true);

        assertEquals(3, keeps.batchesPerEpoch(10));
        assertEquals(2, keeps.batch(10, 0, 2).length);
        assertEquals(2, drops.batchesPerEpoch(10));
        assertEquals(2, keeps.batchesPerEpoch(8));
        assertEquals(0, drops.batchesPerEpoch(3));
        assertTrue(rejected(() -> drops.batch(10, 0, 2)).contains("have 2 batches"));
    }

    @Test
    void samplingGoesThroughTheEpochsAndResumesAnywhere() {
        TokenWindows windows = TokenWindowsTest.windowsOf(10);
        SeededShuffle shuffle = new SeededShuffle(3, 5, false);
        List<List<Long>> first = all(shuffle.sample(windows));
        List<List<Long>> second = all(shuffle.sample(windows));
        List<List<Long>> third = all(shuffle.sample(windows));

        assertEquals(4, first.size());
        assertEquals(boxed(shuffle.batch(10, 0, 3)), first.get(3));
        assertEquals(boxed(shuffle.batch(10, 1, 2)), second.get(2));

        SeededShuffle resumed = shuffle.startingAt(1, 2);
        assertEquals(second.subList(2, 4), all(resumed.sample(windows)));
        assertEquals(third, all(resumed.sample(windows)));
    }

    @Test
    void anEpochEnds() {
        Iterator<List<Long>> batches =
                new SeededShuffle(10, 5, false).sample(TokenWindowsTest.windowsOf(10));
        batches.next();

        assertFalse(batches.hasNext());
        assertThrows(NoSuchElementException.class, batches::next);
    }

    @Test
    void impossibleNumbersAreRefused() {
        SeededShuffle shuffle = new SeededShuffle(1, 0, false);

        assertTrue(rejected(() -> new SeededShuffle(0, 0, false)).contains("batchSize=0"));
        assertTrue(rejected(() -> shuffle.startingAt(-1, 0)).contains("epoch=-1"));
        assertTrue(rejected(() -> shuffle.batch(5, -1, 0)).contains("epoch=-1"));
        assertTrue(rejected(() -> shuffle.batchesPerEpoch(0)).contains("size=0"));
    }

    private static long[] epoch(SeededShuffle shuffle, long size, long epoch) {
        return LongStream.range(0, shuffle.batchesPerEpoch(size))
                .mapToObj(batch -> shuffle.batch(size, epoch, batch))
                .flatMapToLong(Arrays::stream)
                .toArray();
    }

    private static List<List<Long>> all(Iterator<List<Long>> batches) {
        List<List<Long>> all = new ArrayList<>();
        batches.forEachRemaining(all::add);
        return all;
    }

    private static List<Long> boxed(long[] indices) {
        return Arrays.stream(indices).boxed().toList();
    }

    private static String rejected(Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }
}
