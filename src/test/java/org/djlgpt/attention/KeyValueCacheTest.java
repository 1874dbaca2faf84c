package org.djlgpt.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyValueCacheTest {

    private static final int CONTEXT = 10;
    private static final float ROUNDING = 1e-5f;

    private NDManager manager;
    private MultiHeadAttention attention;
    private NDArray x; // (2, CONTEXT, 8)

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager();
        attention =
                MultiHeadAttention.builder()
                        .setInputDim(8)
                        .setOutputDim(12)
                        .setNumHeads(3)
                        .setContextLength(CONTEXT)
                        .optDropout(0.5f)
                        .build();
        attention.initialize(manager, DataType.FLOAT32, new Shape(2, CONTEXT, 8));
        x = manager.randomNormal(new Shape(2, CONTEXT, 8));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, CONTEXT})
    void tokensThatComeInPiecesAreAttendedToAsAWhole(int piece) {
        float[] whole = forward(x).toFloatArray();
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

    @Test
    void truncatedTokensLeaveNoTrace() {
        try (KeyValueCache cache = attention.newCache(manager, 2)) {
            attention.attend(x.get(":, 0:4"), cache);
            attention.attend(x.get(":, 7:9"), cache);
            cache.truncate(4);
            NDArray next = attention.attend(x.get(":, 4:5"), cache);
            float[] expected = forward(x).get(":, 4:5").toFloatArray();
            assertArrayEquals(expected, next.toFloatArray(), ROUNDING);
        }
    }

    @Test
    void aResetCacheStartsAnew() {
        try (KeyValueCache cache = attention.newCache(manager, 2)) {
            attention.attend(x.get(":, 5:9"), cache);
            cache.reset();
            float[] first = attention.attend(x.get(":, 0:3"), cache).toFloatArray();
            assertArrayEquals(forward(x.get(":, 0:3")).toFloatArray(), first, ROUNDING);
        }
    }

    @Test
    void aFullCacheIsRefusedAndStaysAsItIs() {
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

    @Test
    void aCacheOfAnotherShapeIsRefused() {
        try (KeyValueCache cache = attention.newCache(manager, 1)) {
            assertThrows(IllegalArgumentException.class, () -> attention.attend(x, cache));
            assertEquals(0, cache.length());
        }
    }

    @Test
    void aClosedCacheIsRefused() {
        KeyValueCache cache = attention.newCache(manager, 2);
        cache.close();
        assertThrows(IllegalArgumentException.class, () -> attention.attend(x, cache));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 5})
    void truncatingToWhatIsNotThereIsRefused(int length) {
        try (KeyValueCache cache = attention.newCache(manager, 2)) {
            attention.attend(x.get(":, 0:4"), cache);
            assertThrows(IllegalArgumentException.class, () -> cache.truncate(length));
        }
    }

    @Test
    void itTakesTwoNumbersForEachTokenAndDimension() {
        try (KeyValueCache cache = attention.newCache(manager, 2)) {
            assertEquals(2L * 2 * CONTEXT * 12 * Float.BYTES, cache.bytes());
        }
    }

    private NDArray forward(NDArray input) {
        return attention
                .forward(new ParameterStore(manager, false), new NDList(input), false)
                .singletonOrThrow();
    }
}
