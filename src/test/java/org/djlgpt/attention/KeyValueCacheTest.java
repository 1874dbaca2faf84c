package org.djlgpt.attention;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.FloatType;
import org.djlgpt.torch.Kernels;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.stream.IntStream;
import java.util.stream.Stream;

class KeyValueCacheTest {

    private static final int CONTEXT = 10;
    private static final float ROUNDING = 1e-5f;

    /** Attention that a cache serves, of 8 dimensions to 12. */
    private enum Kind {
        MULTI_HEAD,
        GROUPED,
        ROTATED,
        WINDOW,
        /** Grouped, rotated, normalized, in a window that ends between pieces and inside them. */
        TOGETHER;

        CachedAttention build() {
            GroupedQueryAttention.Builder grouped = grouped();
            RotaryEmbedding rotary = new RotaryEmbedding(4);
            return switch (this) {
                case MULTI_HEAD -> multiHead();
                case GROUPED -> grouped.build();
                case ROTATED -> grouped.setNumKeyValueHeads(6).optRotary(rotary).build();
                case WINDOW -> grouped.optSlidingWindow(1).build();
                case TOGETHER ->
                        grouped.optRotary(rotary)
                                .optQueryKeyNorm(1e-5)
                                .optQkvBias(true)
                                .optSlidingWindow(4)
                                .build();
            };
        }

        private static MultiHeadAttention multiHead() {
            return MultiHeadAttention.builder()
                    .setInputDim(8)
                    .setOutputDim(12)
                    .setNumHeads(3)
                    .setContextLength(CONTEXT)
                    .optDropout(0.5f)
                    .build();
        }

        private static GroupedQueryAttention.Builder grouped() {
            return GroupedQueryAttention.builder()
                    .setInputDim(8)
                    .setOutputDim(12)
                    .setNumHeads(6)
                    .setNumKeyValueHeads(2)
                    .optHeadDim(4)
                    .setContextLength(CONTEXT)
                    .optDropout(0.5f);
        }
    }

    private NDManager manager;
    private NDArray x; // (2, CONTEXT, 8)

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        x = new RandomArrays(manager, 1).normal(2, CONTEXT, 8);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    static Stream<Arguments> kindsAndPieces() {
        return Stream.of(Kind.values())
                .flatMap(
                        kind ->
                                IntStream.of(1, 3, 4, CONTEXT)
                                        .mapToObj(piece -> Arguments.of(kind, piece)));
    }

    @ParameterizedTest
    @MethodSource("kindsAndPieces")
    void tokensThatComeInPiecesAreAttendedToAsAWhole(Kind kind, int piece) {
        CachedAttention attention = attention(kind);
        float[] whole = infer(attention, x).toFloatArray();
        try (KeyValueCache cache = attention.newCache(manager, 2)) {
            NDList pieces = new NDList();
            for (int from = 0; from < CONTEXT; from += piece) {
                String some = ":, %d:%d".formatted(from, Math.min(from + piece, CONTEXT));
                pieces.add(attention.attend(x.get(some), cache));
            }
            assertEquals(CONTEXT, cache.length());
            NDArray joined = NDArrays.concat(pieces, 1);
            assertArrayEquals(whole, joined.toFloatArray(), ROUNDING);
        }
    }

    @ParameterizedTest
    @EnumSource(FloatType.class)
    void aCacheGrowsWithALongTextAndKeepsWhatItHolds(FloatType type) {
        int room = KeyValueCache.FIRST_ROOM;
        int context = 3 * room;
        int length = room - 24;
        try (KeyValueCache cache = new KeyValueCache(manager, new Shape(1, 2, context, 4), type)) {
            long bytes = cache.bytes();
            NDArray keysAndValues = new RandomArrays(manager, 2).normal(2, 1, 2, length, 4);
            NDArray first = type.from(keysAndValues);
            Kernels.cachedAttention(
                    first.get(0), first.get(0), first.get(1), cache.keysAndValues(), 0, context);
            cache.advance(length);

            cache.reserve(25);
            assertEquals(2 * bytes, cache.bytes());
            cache.reserve(2 * room - 48);
            assertEquals(3 * bytes, cache.bytes());

            NDArray held = BFloat16.widen(cache.keysAndValues()).get(":, :, :, :" + length);
            assertEquals(BFloat16.widen(first), held);
            assertThrows(IllegalArgumentException.class, () -> cache.reserve(2 * room + 25));
        }
    }

    @ParameterizedTest
    @EnumSource
    void truncatedTokensLeaveNoTrace(Kind kind) {
        CachedAttention attention = attention(kind);
        try (KeyValueCache cache = attention.newCache(manager, 2)) {
            attention.attend(x.get(":, 0:4"), cache);
            attention.attend(x.get(":, 7:9"), cache);
            cache.truncate(4);
            NDArray next = attention.attend(x.get(":, 4:5"), cache);
            float[] expected = infer(attention, x).get(":, 4:5").toFloatArray();
            assertArrayEquals(expected, next.toFloatArray(), ROUNDING);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResetCacheStartsAnew(Kind kind) {
        CachedAttention attention = attention(kind);
        try (KeyValueCache cache = attention.newCache(manager, 2)) {
            attention.attend(x.get(":, 5:9"), cache);
            cache.reset();
            float[] first = attention.attend(x.get(":, 0:3"), cache).toFloatArray();
            assertArrayEquals(infer(attention, x.get(":, 0:3")).toFloatArray(), first, ROUNDING);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFullCacheIsRefusedAndStaysAsItIs(Kind kind) {
        CachedAttention attention = attention(kind);
        try (KeyValueCache cache = attention.newCache(manager, 2)) {
            attention.attend(x.get(":, 0:8"), cache);
            RuntimeException refused =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> attention.attend(x.get(":, 0:3"), cache));
            assertTrue(refused.getMessage().contains("11 tokens"), refused.getMessage());
            assertEquals(8, cache.length());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCacheOfAnotherShapeIsRefused(Kind kind) {
        CachedAttention attention = attention(kind);
        try (KeyValueCache cache = attention.newCache(manager, 1)) {
            assertThrows(IllegalArgumentException.class, () -> attention.attend(x, cache));
            assertEquals(0, cache.length());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClosedCacheIsRefused(Kind kind) {
        CachedAttention attention = attention(kind);
        KeyValueCache cache = attention.newCache(manager, 2);
        cache.close();
        assertThrows(IllegalArgumentException.class, () -> attention.attend(x, cache));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 5})
    void truncatingToWhatIsNotThereIsRefused(int length) {
        CachedAttention attention = attention(Kind.MULTI_HEAD);
        try (KeyValueCache cache = attention.newCache(manager, 2)) {
            attention.attend(x.get(":, 0:4"), cache);
            assertThrows(IllegalArgumentException.class, () -> cache.truncate(length));
        }
    }

    @ParameterizedTest
    @CsvSource({"MULTI_HEAD, 12", "GROUPED, 8", "ROTATED, 24"})
    void itTakesTwoNumbersForEachTokenAndDimensionOfAKey(Kind kind, int keyDims) {
        try (KeyValueCache cache = attention(kind).newCache(manager, 2)) {
            assertEquals(2L * 2 * CONTEXT * keyDims * Float.BYTES, cache.bytes());
        }
    }

    private CachedAttention attention(Kind kind) {
        return initialized(kind.build(), manager, x.getShape());
    }
}
