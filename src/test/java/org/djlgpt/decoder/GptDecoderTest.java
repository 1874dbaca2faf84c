package org.djlgpt.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;

import org.djlgpt.attention.KeyValueCache;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

class GptDecoderTest {

    private static final int VOCABULARY = 37;
    private static final int CONTEXT = 12;
    private static final double ROUNDING = 1e-5;

    private NDManager manager;
    private GptModel model;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        model = model(true, true);
    }

    private GptModel model(boolean tied, boolean qkvBias) {
        Gpt2Config size =
                TinyGpt.size(VOCABULARY, CONTEXT)
                        .setNumLayers(3)
                        .optTiedOutput(tied)
                        .optQkvBias(qkvBias)
                        .optDropout(0.3f)
                        .build();
        return TinyGpt.scrambled(size, 5, manager);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @CsvSource({"true, true", "true, false", "false, true", "false, false"})
    void aPromptGivesTheLogitsOfTheModel(boolean tied, boolean qkvBias) {
        model = model(tied, qkvBias);
        int[] tokens = tokens(CONTEXT, 1);
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 1)) {
            assertClose(lastLogits(tokens), decoder.next(ids(tokens), cache), ROUNDING);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 11})
    void tokensThatComeInPiecesGiveTheLogitsOfTheWhole(int piece) {
        int[] tokens = tokens(CONTEXT, 2);
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 1)) {
            for (int from = 0; from < CONTEXT; from += piece) {
                int to = Math.min(from + piece, CONTEXT);
                NDArray logits = decoder.next(ids(Arrays.copyOfRange(tokens, from, to)), cache);
                assertEquals(to, cache.length());
                assertClose(lastLogits(Arrays.copyOf(tokens, to)), logits, ROUNDING);
            }
        }
    }

    @Test
    void paddedRowsGiveTheLogitsOfEachSequenceAlone() {
        int[][] prompts = {tokens(7, 3), tokens(1, 4), tokens(4, 5)};
        int[] next = {8, 30, 2};
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 3)) {
            cache.reset(0, 6, 3);
            NDArray first = decoder.next(leftPadded(7, prompts), cache); // (3, V)
            NDArray second = decoder.next(manager.create(next, new Shape(3, 1)), cache);
            for (int row = 0; row < 3; row++) {
                int[] longer = Arrays.copyOf(prompts[row], prompts[row].length + 1);
                longer[prompts[row].length] = next[row];
                assertClose(lastLogits(prompts[row]), first.get(row), ROUNDING);
                assertClose(lastLogits(longer), second.get(row), ROUNDING);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTextThatOutgrowsTheFirstRoomOfACacheGivesTheLogitsOfTheWhole(boolean llama) {
        int context = KeyValueCache.FIRST_ROOM + 300;
        GptConfig config =
                llama
                        ? LlamaConfig.builder()
                                .setVocabSize(50)
                                .setContextLength(context)
                                .setEmbeddingDim(16)
                                .setNumHeads(2)
                                .setNumLayers(2)
                                .optNumKeyValueHeads(1)
                                .build()
                        : TinyGpt.size(50, context).setNumLayers(2).build();
        GptModel longReader = new GptModel(config);
        longReader.initialize(manager, DataType.FLOAT32, new Shape(1, 1));
        int[] ids = tokens(KeyValueCache.FIRST_ROOM + 200, 3);
        NDArray all = ids(ids);
        NDArray expected = Blocks.infer(longReader, all).get(":, -1");
        try (GptDecoder decoder = new GptDecoder(longReader, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 1)) {
            int room = KeyValueCache.FIRST_ROOM;
            int[] ends = {0, room - 24, room - 1, room + 1};
            for (int i = 1; i < ends.length; i++) {
                NDArray piece = all.get(":, %d:%d".formatted(ends[i - 1], ends[i]));
                decoder.next(piece, cache).close();
            }
            NDArray rest = all.get(":, %d:".formatted(room + 1));
            assertClose(expected, decoder.next(rest, cache), 1e-4);
        }
    }

    @Test
    void whatWasTruncatedLeavesNoTrace() {
        int[] tokens = tokens(9, 6);
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 1)) {
            decoder.next(ids(tokens(CONTEXT, 7)), cache);
            cache.reset();
            decoder.next(ids(Arrays.copyOf(tokens, 4)), cache);
            decoder.next(ids(tokens(6, 8)), cache);
            cache.truncate(4);

            NDArray logits = decoder.next(ids(Arrays.copyOfRange(tokens, 4, 9)), cache);

            assertClose(lastLogits(tokens), logits, ROUNDING);
        }
    }

    @Test
    void asABlockItGivesTheLogitsOfEveryToken() {
        NDArray tokens = manager.create(tokens(2 * 7, 9), new Shape(2, 7));
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager)) {
            NDArray expected = forward(tokens);
            NDArray logits =
                    decoder.forward(new ParameterStore(manager, false), new NDList(tokens), false)
                            .singletonOrThrow();
            assertEquals(new Shape(2, 7, VOCABULARY), logits.getShape());
            assertClose(expected, logits, ROUNDING);
        }
    }

    /** bfloat16 keeps 8 significant bits; int8 keeps about 7 of each row's greatest weight. */
    @ParameterizedTest
    @EnumSource(
            value = WeightPrecision.class,
            names = {"BF16", "FP16", "INT8", "INT4"})
    void lesserPrecisionsStayNear(WeightPrecision precision) {
        int[] tokens = tokens(CONTEXT, 10);
        float[] expected = lastLogits(tokens).toFloatArray();
        double spread = deviation(expected, new float[expected.length]);
        try (GptDecoder decoder = new GptDecoder(model, precision, manager);
                GptCache cache = decoder.newCache(manager, 1)) {
            double atOnce = deviation(expected, decoder.next(ids(tokens), cache).toFloatArray());
            cache.reset();
            float[] stepped = null;
            for (int token : tokens) {
                stepped = decoder.next(ids(token), cache).toFloatArray();
            }
            assertTrue(atOnce > 0, "the weights are rounded");
            assertTrue(atOnce < 0.05 * spread, atOnce + " of " + spread);
            assertTrue(deviation(expected, stepped) < 0.05 * spread, "step by step");
        }
    }

    @Test
    void aCopyOutlivesTheModel() {
        int[] tokens = tokens(5, 11);
        try (NDManager outer = ComputeDevice.newManager();
                GptDecoder decoder = new GptDecoder(model, WeightPrecision.BF16, outer);
                GptCache cache = decoder.newCache(outer, 1)) {
            float[] before = decoder.next(ids(tokens), cache).toFloatArray();
            model.clear();
            cache.reset();
            NDArray again = outer.create(tokens, new Shape(1, tokens.length));
            assertEquals(0, deviation(before, decoder.next(again, cache).toFloatArray()));
        }
    }

    @Test
    void aClosedModelIsRefusedInsteadOfRead() {
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 1)) {
            model.getParameters().get(3).getValue().getArray().close();
            RuntimeException refused =
                    assertThrows(IllegalArgumentException.class, () -> decoder.next(ids(1), cache));
            assertTrue(refused.getMessage().contains("closed"), refused.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource(WeightPrecision.class)
    void theCacheTakesTwoNumbersForEachLayerTokenAndDimension(WeightPrecision precision) {
        try (GptDecoder decoder = new GptDecoder(model, precision, manager);
                GptCache cache = decoder.newCache(manager, 5)) {
            long numbers = 5L * 2 * 3 * CONTEXT * 16;
            boolean onCpu = !ComputeDevice.get().isGpu();
            boolean wide =
                    precision == WeightPrecision.FP32 || onCpu && precision == WeightPrecision.FP16;
            assertTrue(
                    cache.bytes() == 4 * numbers || !wide && cache.bytes() == 2 * numbers,
                    cache.bytes() + " bytes");
        }
    }

    @Test
    void aFullCacheIsRefusedAndStaysAsItIs() {
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 1)) {
            decoder.next(ids(tokens(10, 12)), cache);
            RuntimeException refused =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> decoder.next(ids(1, 2, 3), cache));
            assertTrue(refused.getMessage().contains("13 tokens"), refused.getMessage());
            assertEquals(10, cache.length());
        }
    }

    @Test
    void aCacheOfAnotherBatchIsRefused() {
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 2)) {
            assertThrows(IllegalArgumentException.class, () -> decoder.next(ids(1), cache));
            assertEquals(0, cache.length());
        }
    }

    @Test
    void idsOutsideTheVocabularyAreRefused() {
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 1)) {
            assertThrows(
                    IllegalArgumentException.class, () -> decoder.next(ids(VOCABULARY), cache));
            assertThrows(IllegalArgumentException.class, () -> decoder.next(ids(-1), cache));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "0,0,0", "-1,0", "12,0"})
    void paddingThatMakesNoSenseIsRefused(String padding) {
        int[] counts = Arrays.stream(padding.split(",")).mapToInt(Integer::parseInt).toArray();
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 2)) {
            assertThrows(IllegalArgumentException.class, () -> cache.reset(counts));
        }
    }

    @Test
    void sequencesThatMoveToAnotherCacheGoOnAsBefore() {
        int[][] first = {tokens(3, 1), tokens(7, 2), tokens(5, 3)};
        int[] second = tokens(9, 4);
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 3);
                GptCache other = decoder.newCache(manager, 1)) {
            long[] padded = new long[21];
            for (int row = 0; row < 3; row++) {
                for (int i = 0; i < first[row].length; i++) {
                    padded[7 * row + 7 - first[row].length + i] = first[row][i];
                }
            }
            cache.reset(4, 0, 2);
            decoder.next(manager.create(padded, new Shape(3, 7)), cache);
            decoder.next(ids(second), other);

            cache.join(new int[] {2, 0}, null);
            assertEquals(5, cache.length(), "padding that nobody needs is gone");
            cache.join(new int[] {1, 0}, other);
            assertEquals(9, cache.length());
            NDArray logits =
                    decoder.next(manager.create(new long[] {1, 2, 3}, new Shape(3, 1)), cache);

            assertClose(lastLogits(with(first[0], 1)), logits.get("0:1"), ROUNDING);
            assertClose(lastLogits(with(first[2], 2)), logits.get("1:2"), ROUNDING);
            assertClose(lastLogits(with(second, 3)), logits.get("2:3"), ROUNDING);
        }
    }

    @Test
    void aSequenceThatTakesThePlaceOfAnotherGoesOnAsBeforeBesideTheRest() {
        int[] first = tokens(7, 1);
        int[] second = tokens(4, 4);
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 2);
                GptCache other = decoder.newCache(manager, 1)) {
            decoder.next(ids(tokens(7, 2)).concat(ids(first)), cache);
            decoder.next(ids(second), other);

            cache.replace(new int[] {0}, other);
            NDArray logits = decoder.next(manager.create(new long[][] {{1}, {2}}), cache);

            assertEquals(8, cache.longest(0, 1));
            assertEquals(5, cache.longest(0));
            assertClose(lastLogits(with(second, 1)), logits.get("0:1"), ROUNDING);
            assertClose(lastLogits(with(first, 2)), logits.get("1:2"), ROUNDING);
            other.reset();
            decoder.next(ids(tokens(9, 5)), other);
            int[] place = {0};
            assertThrows(IllegalArgumentException.class, () -> cache.replace(place, other));
            assertThrows(
                    IndexOutOfBoundsException.class, () -> cache.replace(new int[] {2}, other));
        }
    }

    private static int[] with(int[] tokens, int last) {
        int[] longer = Arrays.copyOf(tokens, tokens.length + 1);
        longer[tokens.length] = last;
        return longer;
    }

    @Test
    void rowsThatDoNotExistAreRefused() {
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 2)) {
            assertThrows(IndexOutOfBoundsException.class, () -> cache.join(new int[] {0, 2}, null));
            assertThrows(IllegalArgumentException.class, () -> cache.join(new int[0], null));
            assertEquals(2, cache.batchSize());
        }
    }

    @Test
    void theScoresBehindEachOfSeveralTokensAreThoseOfOneAtATime() {
        int[] tokens = tokens(9, 6);
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 1)) {
            decoder.next(ids(Arrays.copyOf(tokens, 4)), cache);

            NDArray logits = decoder.nextOfLast(5, ids(Arrays.copyOfRange(tokens, 4, 9)), cache);

            for (int i = 0; i < 5; i++) {
                NDArray expected = lastLogits(Arrays.copyOf(tokens, 5 + i));
                assertClose(expected, logits.get(":, " + i), ROUNDING);
            }
        }
    }

    @Test
    void theScoresBehindTheLastTokensOfSeveralRowsAreThoseOfAll() {
        NDArray tokens = ids(tokens(9, 6)).concat(ids(tokens(9, 7))); // (2, 9)
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager);
                GptCache cache = decoder.newCache(manager, 2)) {
            NDArray all = Blocks.infer(decoder, tokens); // (2, 9, V)

            NDArray last = decoder.nextOfLast(3, tokens, cache);

            assertClose(all.get(":, 6:"), last, ROUNDING);
            assertThrows(
                    IllegalArgumentException.class, () -> decoder.nextOfLast(10, tokens, cache));
            assertThrows(
                    IllegalArgumentException.class, () -> decoder.nextOfLast(0, tokens, cache));
            assertEquals(9, cache.length());
        }
    }

    @ParameterizedTest
    @EnumSource(WeightPrecision.class)
    void stepsLeaveNothingBehindButTheirLogits(WeightPrecision precision) {
        try (GptDecoder decoder = new GptDecoder(model, precision, manager);
                GptCache cache = decoder.newCache(manager, 2);
                NDManager step = manager.newSubManager()) {
            NDArray token = step.create(new int[] {1, 2}, new Shape(2, 1));
            long held = HeldArrays.inProcess(manager);
            decoder.next(token, cache).close();
            assertEquals(held, HeldArrays.inProcess(manager));
        }
    }

    @ParameterizedTest
    @EnumSource(WeightPrecision.class)
    void closingFreesWhatWasConverted(WeightPrecision precision) {
        long held = HeldArrays.inProcess(manager);

        new GptDecoder(model, precision, manager).close();

        assertEquals(held, HeldArrays.inProcess(manager));
    }

    private NDArray lastLogits(int[] tokens) {
        return forward(ids(tokens)).get(":, -1"); // (1, V)
    }

    private NDArray forward(NDArray tokens) {
        return model.forward(new ParameterStore(manager, false), new NDList(tokens), false)
                .singletonOrThrow();
    }

    private NDArray ids(int... tokens) {
        return manager.create(tokens, new Shape(1, tokens.length)).toType(DataType.INT64, false);
    }

    private NDArray leftPadded(int length, int[]... rows) {
        int[] padded = new int[rows.length * length];
        for (int row = 0; row < rows.length; row++) {
            int from = (row + 1) * length - rows[row].length;
            System.arraycopy(rows[row], 0, padded, from, rows[row].length);
        }
        return manager.create(padded, new Shape(rows.length, length));
    }

    private static int[] tokens(int count, int seed) {
        return new Random(seed).ints(count, 0, VOCABULARY).toArray();
    }

    private static void assertClose(NDArray expected, NDArray actual, double tolerance) {
        double deviation = deviation(expected.toFloatArray(), actual.toFloatArray());
        assertTrue(deviation < tolerance, "deviation " + deviation);
    }

    private static double deviation(float[] expected, float[] actual) {
        return IntStream.range(0, expected.length)
                .mapToDouble(i -> Math.abs(expected[i] - actual[i]))
                .max()
                .orElseThrow();
    }
}
