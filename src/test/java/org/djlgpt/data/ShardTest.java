package org.djlgpt.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** The parts of a set that workers learn from. */
class ShardTest {

    /** Things that are their own numbers. */
    private record Numbers(long size) implements TrainingSet {

        @Override
        public NDList batch(NDManager manager, long... indices) {
            return new NDList(manager.create(indices));
        }

        @Override
        public int contextLength() {
            return 1;
        }

        @Override
        public String fingerprint() {
            return "numbers";
        }

        @Override
        public void requireIdsBelow(int vocabSize) {
            if (size > vocabSize) {
                throw new IllegalArgumentException("too many");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "7, 1", "7, 2", "7, 3", "7, 7", "100, 8"})
    void eachThingBelongsToOneWorker(int size, int workers) {
        List<Long> all = new ArrayList<>();
        List<Long> sizes = new ArrayList<>();
        try (NDManager manager = NDManager.newBaseManager()) {
            for (int rank = 0; rank < workers; rank++) {
                TrainingSet part = new Numbers(size).shard(rank, workers);
                sizes.add(part.size());
                long[] indices = IntStream.range(0, (int) part.size()).asLongStream().toArray();
                for (long number : part.batch(manager, indices).get(0).toLongArray()) {
                    all.add(number);
                }
            }
        }

        Collections.sort(all);
        assertEquals(IntStream.range(0, size).asLongStream().boxed().toList(), all);
        assertEquals(size % workers == 0 ? 0 : 1, Collections.max(sizes) - Collections.min(sizes));
    }

    @Test
    void whatIsNotThereIsRefused() {
        TrainingSet numbers = new Numbers(3);

        assertMessage("rank=2 must lie from 0 to 1", () -> numbers.shard(2, 2));
        assertMessage(
                "workers=4 are more than the 3 things to learn from; take fewer, or more data",
                () -> numbers.shard(0, 4));
        try (NDManager manager = NDManager.newBaseManager()) {
            assertMessage(
                    "index=1 must lie from 0 to 0", () -> numbers.shard(1, 2).batch(manager, 0, 1));
        }
    }

    private static void assertMessage(String message, Runnable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
