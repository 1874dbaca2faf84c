package org.djlgpt.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.dataset.Batch;
import ai.djl.training.dataset.Record;
import ai.djl.translate.TranslateException;

import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

class TokenWindowsTest {

    private final NDManager manager = ComputeDevice.newManager();

    @AfterEach
    void closeArrays() {
        manager.close();
    }

    /** Returns a given number of windows of three tokens; token i is i. */
    static TokenWindows windowsOf(int count) {
        return builder(3 * count + 1).setContextLength(3).setSampling(2, false).build();
    }

    private static TokenWindows.Builder builder(int tokens) {
        return TokenWindows.builder().setTokens(Tokens.of(IntStream.range(0, tokens).toArray()));
    }

    @Test
    void labelsAreTheDataOneTokenFurther() {
        TokenWindows windows =
                builder(12).setContextLength(4).optStride(2).setSampling(1, false).build();

        Record record = windows.get(manager, 1);

        assertEquals(DataType.INT64, record.getData().head().getDataType());
        assertEquals(new Shape(4), record.getData().head().getShape());
        assertArrayEquals(new long[] {2, 3, 4, 5}, record.getData().head().toLongArray());
        assertArrayEquals(new long[] {3, 4, 5, 6}, record.getLabels().head().toLongArray());
    }

    @Test
    void everyWindowBelongsToOneWorker() {
        for (int size = 1; size < 30; size++) {
            for (int stride = 1; stride < 5; stride++) {
                TokenWindows all =
                        builder((size - 1) * stride + 4 + size % stride)
                                .setContextLength(3)
                                .optStride(stride)
                                .build();
                for (int workers = 1; workers <= all.size(); workers++) {
                    assertPartition(all, workers);
                }
            }
        }
    }

    private void assertPartition(TokenWindows all, int workers) {
        List<Long> seen = new ArrayList<>();
        for (int rank = 0; rank < workers; rank++) {
            TokenWindows part = all.shard(rank, workers);
            long fair = all.size() / workers;
            assertTrue(part.size() == fair || part.size() == fair + 1, part::fingerprint);
            seen.addAll(windowsOfAnEpoch(part));
        }
        assertEquals(windowsOfAnEpoch(all), seen);
    }

    /** Returns the first token of each window, in order. */
    private List<Long> windowsOfAnEpoch(TokenWindows windows) {
        long[] indices = LongStream.range(0, windows.size()).toArray();
        List<Long> firsts = new ArrayList<>();
        try (NDManager batchManager = manager.newSubManager()) {
            NDArray data = windows.batch(batchManager, indices).get(0); // (B, T)
            for (long first : data.get(":, 0").toLongArray()) {
                firsts.add(first);
            }
        }
        return firsts;
    }

    @Test
    void moreWorkersThanWindowsAreRefused() {
        IllegalArgumentException failure =
                assertThrows(IllegalArgumentException.class, () -> windowsOf(3).shard(0, 4));

        assertEquals(
                "workers=4 are more than the 3 windows; take fewer, or more data",
                failure.getMessage());
        assertThrows(IllegalArgumentException.class, () -> windowsOf(3).shard(2, 2));
    }

    @Test
    void aWindowNeverCrossesTheEndOfTheTokens() {
        for (int tokens = 2; tokens < 40; tokens++) {
            for (int context = 1; context < tokens; context++) {
                for (int stride = 1; stride < 8; stride++) {
                    TokenWindows windows =
                            builder(tokens)
                                    .setContextLength(context)
                                    .optStride(stride)
                                    .setSampling(1, false)
                                    .build();
                    long lastStart = (windows.size() - 1) * stride;
                    assertTrue(lastStart + context < tokens, "the last label exists");
                    assertTrue(lastStart + stride + context >= tokens, "no further window fits");
                }
            }
        }
    }

    @Test
    void byDefaultEachTokenIsALabelOnce() {
        TokenWindows windows = windowsOf(5);

        NDList batch = windows.batch(manager, 0, 1, 2, 3, 4);

        assertEquals(5, windows.size());
        assertEquals(new Shape(5, 3), batch.get(1).getShape());
        long[] labels = batch.get(1).toLongArray();
        assertArrayEquals(IntStream.rangeClosed(1, 15).asLongStream().toArray(), labels);
    }

    @Test
    void idsAreCheckedInOnePassHoweverOftenTheyAre() {
        Tokens ids = Tokens.of(3, 1, 4, 1, 5);
        AtomicInteger reads = new AtomicInteger();
        Tokens counted =
                new Tokens() {
                    @Override
                    public long size() {
                        return ids.size();
                    }

                    @Override
                    public void read(long from, int[] into) {
                        reads.incrementAndGet();
                        ids.read(from, into);
                    }
                };
        TokenWindows windows =
                TokenWindows.builder()
                        .setTokens(counted)
                        .setContextLength(2)
                        .setSampling(1, false)
                        .build();

        windows.requireIdsBelow(6);
        windows.requireIdsBelow(7);

        assertEquals(1, reads.get());
        String message = rejected(() -> windows.requireIdsBelow(5));
        assertTrue(message.contains("id=5 at position 4"), message);
    }

    @Test
    void aBatchHoldsTheRecordsOfItsIndices() {
        TokenWindows windows = windowsOf(5);

        NDList batch = windows.batch(manager, 4, 0);

        assertEquals(2, batch.size());
        assertEquals(2, manager.getManagedArrays().size());
        assertEquals(DataType.INT64, batch.get(0).getDataType());
        assertArrayEquals(new long[] {12, 13, 14, 0, 1, 2}, batch.get(0).toLongArray());
        assertArrayEquals(new long[] {13, 14, 15, 1, 2, 3}, batch.get(1).toLongArray());
    }

    @Test
    void djlReadsWholeBatches() throws IOException, TranslateException {
        List<long[]> data = new ArrayList<>();
        long progress = 0;
        Iterable<Batch> batches = windowsOf(5).getData(manager);
        assertInstanceOf(WindowIterable.class, batches);
        for (Batch batch : batches) {
            assertEquals(2, batch.getManager().getManagedArrays().size());
            data.add(batch.getData().head().toLongArray());
            progress = batch.getProgress();
            assertEquals(5, batch.getProgressTotal());
            batch.close();
        }
        assertEquals(5, progress);
        assertEquals(3, data.size());
        assertArrayEquals(new long[] {0, 1, 2, 3, 4, 5}, data.get(0));
        assertArrayEquals(new long[] {12, 13, 14}, data.get(2));
    }

    @Test
    void theFastAndTheGeneralPathGiveTheSameBatches() throws IOException, TranslateException {
        TokenWindows.Builder builder =
                builder(100).setContextLength(5).optSeed(3).setSampling(4, true);
        TokenWindows fast = builder.build();
        TokenWindows general = builder.addTransform(list -> list).build();
        ExecutorService executor = Executors.newFixedThreadPool(2);
        try {
            List<String> expected = contents(general.getData(manager));
            assertEquals(expected, contents(fast.getData(manager)));
            // The second epoch, prefetched by threads.
            assertEquals(
                    contents(general.getData(manager)), contents(fast.getData(manager, executor)));
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void shufflingFollowsFromTheSeed() throws IOException, TranslateException {
        TokenWindows.Builder builder = builder(100).setContextLength(5).setSampling(4, true, true);
        List<String> seed1 = contents(builder.optSeed(1).build().getData(manager));

        assertEquals(seed1, contents(builder.optSeed(1).build().getData(manager)));
        assertTrue(!seed1.equals(contents(builder.optSeed(2).build().getData(manager))));
        assertEquals(4, seed1.size());
    }

    @Test
    void billionsOfTokensNeedNoMemory() throws IOException, TranslateException {
        Tokens endless =
                new Tokens() {
                    @Override
                    public long size() {
                        return 1L << 40;
                    }

                    @Override
                    public void read(long from, int[] into) {
                        Arrays.setAll(into, i -> (int) ((from + i) >>> 20));
                    }
                };
        TokenWindows windows =
                TokenWindows.builder()
                        .setTokens(endless)
                        .setContextLength(1024)
                        .optStride(1)
                        .setSampling(2, true)
                        .build();

        assertEquals((1L << 40) - 1024, windows.size());
        try (Batch batch = windows.getData(manager).iterator().next()) {
            assertEquals(new Shape(2, 1024), batch.getData().head().getShape());
        }
    }

    @Test
    void tooShortATextIsRefusedWithBothNumbers() {
        TokenWindows.Builder builder = builder(8).setContextLength(8).setSampling(1, false);

        String message = rejected(builder::build);

        assertTrue(message.contains("8 tokens are fewer than the 9"), message);
        assertEquals(1, builder.setContextLength(7).build().size());
    }

    @Test
    void missingAndImpossibleSettingsAreRefused() {
        TokenWindows.Builder none =
                TokenWindows.builder().setContextLength(2).setSampling(1, false);
        assertTrue(rejected(none::build).contains("setTokens"));
        assertTrue(rejected(builder(8).setSampling(1, false)::build).contains("contextLength=0"));
        assertTrue(
                rejected(builder(8).setContextLength(2).optStride(0).setSampling(1, true)::build)
                        .contains("stride=0"));
        assertTrue(
                rejected(builder(8).setContextLength(2).optLimit(0).setSampling(1, true)::build)
                        .contains("limit=0"));
        assertTrue(
                rejected(builder(8).setContextLength(2).setSampling(0, false)::build)
                        .contains("batchSize=0"));
    }

    @Test
    void aWindowThatDoesNotExistIsRefused() {
        TokenWindows windows = windowsOf(5);

        assertTrue(rejected(() -> windows.get(manager, 5)).contains("window=5"));
        assertTrue(rejected(() -> windows.batch(manager, 0, -1)).contains("window=-1"));
        assertTrue(rejected(() -> windows.batch(manager)).contains("at least 1"));
    }

    private static List<String> contents(Iterable<Batch> batches) {
        List<String> contents = new ArrayList<>();
        for (Batch batch : batches) {
            contents.add(
                    Arrays.toString(batch.getData().head().toLongArray())
                            + Arrays.toString(batch.getLabels().head().toLongArray()));
            batch.close();
        }
        return contents;
    }

    private static String rejected(Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }
}
