package org.djlgpt.decoder;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;

import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

class StatelessDecoderTest {

    private static final int VOCABULARY = 37;
    private static final int CONTEXT = 12;
    private static final int LAYERS = 3;
    private static final double ROUNDING = 1e-5;

    private NDManager manager;
    private GptModel model;
    private StatelessDecoder block;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        Gpt2Config size = TinyGpt.size(VOCABULARY, CONTEXT).setNumLayers(LAYERS).build();
        model = TinyGpt.scrambled(size, 5, manager);
        block = new StatelessDecoder(new GptDecoder(model, WeightPrecision.FP32, manager));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, CONTEXT})
    void tokensThatComeInPiecesGiveTheLogitsOfTheWhole(int piece) {
        long[] tokens = tokens(CONTEXT, 1);
        NDList past = new NDList();
        for (int from = 0; from < CONTEXT; from += piece) {
            int to = Math.min(from + piece, CONTEXT);
            NDArray ids = row(Arrays.copyOfRange(tokens, from, to));
            NDList results = forward(ids, row(count(from, to)), ones(1, to), past);
            assertClose(whole(Arrays.copyOf(tokens, to)), results.get(0).get("0, -1"), ROUNDING);
            past = results.subNDList(2);
        }
    }

    @Test
    void logitsAreTheOutputLayerOnTheStates() {
        NDList results = forward(row(tokens(5, 2)), row(count(0, 5)), ones(1, 5), new NDList());
        NDArray embedding = model.getParameters().get(0).getValue().getArray(); // (V, E)

        NDArray logits = results.get(1).squeeze(0).matMul(embedding.transpose()); // (T, V)

        assertClose(logits, results.get(0), ROUNDING);
    }

    @Test
    void shapesAreThoseAnnounced() {
        NDList first =
                forward(manager.ones(new Shape(2, 4), DataType.INT64), places(4), ones(2, 4));
        Shape[] inputs = {new Shape(2, 4), new Shape(2, 4), new Shape(2, 4)};

        assertArrayEquals(block.getOutputShapes(inputs), first.getShapes());
        assertEquals(2 + 2 * LAYERS, first.size());
        assertEquals(new Shape(2, 2, 4, 8), first.get(2).getShape());
    }

    @Test
    void paddingAnywhereLeavesNoTrace() {
        long[] tokens = {7, 0, 0, 30, 2, 0, 9};
        long[] mask = {1, 0, 0, 1, 1, 0, 1};
        long[] places = {0, 0, 0, 1, 2, 0, 3};
        NDList results =
                forward(
                        row(Arrays.copyOf(tokens, 5)),
                        row(Arrays.copyOf(places, 5)),
                        row(Arrays.copyOf(mask, 5)));
        NDList past = results.subNDList(2);

        NDArray ids = row(tokens[5], tokens[6]);
        results = forward(ids, row(places[5], places[6]), row(mask), past);

        assertClose(whole(7, 30, 2, 9), results.get(0).get("0, -1"), ROUNDING);
    }

    @Test
    void rowsOfThePastMayBeReordered() {
        long[][] prompts = {tokens(4, 3), tokens(4, 4)};
        NDList results = forward(manager.create(prompts), places(4), ones(2, 4));
        NDArray order = manager.create(new long[] {1, 0, 1});
        NDList past = new NDList();
        results.subNDList(2).forEach(array -> past.add(array.get(order)));

        NDArray next = manager.create(new long[] {5, 6, 7}, new Shape(3, 1));
        NDArray places = manager.full(new Shape(3, 1), 4, DataType.INT64);
        NDArray logits = forward(next, places, ones(3, 5), past).get(0); // (3, 1, V)

        for (int row = 0; row < 3; row++) {
            long[] longer = Arrays.copyOf(prompts[(row + 1) % 2], 5);
            longer[4] = 5 + row;
            assertClose(whole(longer), logits.get(row), ROUNDING);
        }
    }

    @Test
    void thePastThatIsGivenStaysAsItIs() {
        NDList past = pastOf(3);
        float[] before = past.get(0).toFloatArray();

        forward(row(1), row(3), ones(1, 4), past);

        assertEquals(new Shape(1, 2, 3, 8), past.get(0).getShape());
        assertArrayEquals(before, past.get(0).toFloatArray());
    }

    @ParameterizedTest
    @EnumSource(WeightPrecision.class)
    void everyPrecisionStaysNearAndGivesFloat32(WeightPrecision precision) {
        long[] tokens = tokens(6, 6);
        float[] expected = whole(tokens).toFloatArray();
        block = new StatelessDecoder(new GptDecoder(model, precision, manager));

        NDList past =
                forward(row(Arrays.copyOf(tokens, 5)), row(count(0, 5)), ones(1, 5)).subNDList(2);
        NDList results = forward(row(tokens[5]), row(5), ones(1, 6), past);

        double spread = deviation(expected, new float[expected.length]);
        assertTrue(deviation(expected, results.get(0).toFloatArray()) < 0.05 * spread);
        results.forEach(array -> assertEquals(DataType.FLOAT32, array.getDataType()));
    }

    @Test
    void aCallLeavesNothingBehindButItsResults() {
        NDList past = pastOf(3);
        NDArray token = row(1);
        NDArray place = row(3);
        NDArray mask = ones(1, 4);
        long held = HeldArrays.inProcess(manager);

        forward(token, place, mask, past).close();

        assertEquals(held, HeldArrays.inProcess(manager));
    }

    @Test
    void whatDoesNotFitTogetherIsRefused() {
        NDList past = pastOf(3);
        assertRefused(() -> forward(row(1), row(3)), "2 arrays");
        assertRefused(() -> forward(row(1), row(3), ones(1, 4)), "0 arrays", "6 for 3 tokens");
        assertRefused(() -> forward(row(1), row(3), ones(1, 5), past), "past", "(1, 2, 4, 8)");
        assertRefused(() -> forward(row(1), row(3), ones(2, 4), past), "attended", "(1, 4)");
        assertRefused(() -> forward(row(1, 2), row(3), ones(1, 5), past), "positions", "(1, 2)");
        assertRefused(() -> forward(row(1), row(CONTEXT), ones(1, 4), past), "position 12");
        assertRefused(() -> forward(row(1), row(-1), ones(1, 4), past), "position -1");
        assertRefused(() -> forward(row(VOCABULARY), row(3), ones(1, 4), past), "id 37");
        assertRefused(
                () -> forward(row(1).toType(DataType.FLOAT32, true), row(3), ones(1, 4), past),
                "token ids are float32",
                "INT64");
    }

    private NDList pastOf(int tokens) {
        return forward(row(tokens(tokens, 7)), row(count(0, tokens)), ones(1, tokens)).subNDList(2);
    }

    private NDList forward(NDArray tokens, NDArray positions, NDArray mask, NDList past) {
        NDList inputs = new NDList(tokens, positions, mask);
        inputs.addAll(past);
        return forward(inputs.toArray(NDArray[]::new));
    }

    private NDList forward(NDArray... inputs) {
        return block.forward(new ParameterStore(manager, false), new NDList(inputs), false);
    }

    /** Returns what the model says after the last token, (V). */
    private NDArray whole(long... tokens) {
        return model.forward(new ParameterStore(manager, false), new NDList(row(tokens)), false)
                .singletonOrThrow()
                .get("0, -1");
    }

    private NDArray row(long... values) {
        return manager.create(values, new Shape(1, values.length));
    }

    private NDArray ones(int rows, int length) {
        return manager.ones(new Shape(rows, length), DataType.INT64);
    }

    private NDArray places(int length) {
        return manager.create(new long[][] {count(0, length), count(0, length)});
    }

    private static long[] count(int from, int to) {
        return IntStream.range(from, to).asLongStream().toArray();
    }

    private static long[] tokens(int count, int seed) {
        return new Random(seed).ints(count, 0, VOCABULARY).asLongStream().toArray();
    }

    private static void assertClose(NDArray expected, NDArray actual, double tolerance) {
        double deviation = deviation(expected.toFloatArray(), actual.toFloatArray());
        assertTrue(deviation < tolerance, "deviation " + deviation);
    }

    private static double deviation(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        return IntStream.range(0, expected.length)
                .mapToDouble(i -> Math.abs(expected[i] - actual[i]))
                .max()
                .orElseThrow();
    }
}
