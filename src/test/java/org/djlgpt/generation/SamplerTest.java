package org.djlgpt.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.testing.HeldArrays;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

class SamplerTest {

    /** The scores of a next word among nine; Raschka, "Build a Large Language Model", 5.3.1. */
    private static final float[] SCORES = {
        4.51f, 0.89f, -1.90f, 6.75f, 1.63f, -1.62f, -1.89f, 6.28f, 1.79f
    };

    private static final int DRAWS = 100_000;

    /** The chi-squared distribution with 8 degrees of freedom exceeds this once in 1000 times. */
    private static final double CHI_SQUARED_8 = 26.12;

    private final NDManager manager = ComputeDevice.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void greedyTakesTheHighestScoreOfEachRow() {
        NDArray logits = manager.create(new float[] {1, 3, 2, 9, -1, 0}, new Shape(2, 3));

        NDArray tokens = Sampler.greedy().sample(logits);

        assertEquals(new Shape(2, 1), tokens.getShape());
        assertEquals(DataType.INT64, tokens.getDataType());
        assertArrayEquals(new long[] {1, 0}, tokens.toLongArray());
    }

    @Test
    void drawsOneByOneAreThoseOfPyTorchWithTheSameSeed() {
        long[] counts = new long[9];

        try (NDManager cpu = NDManager.newBaseManager(Device.cpu())) { // a GPU draws others
            Engine.getInstance().setRandomSeed(123);
            NDArray logits = cpu.create(SCORES, new Shape(1, 9));
            for (int i = 0; i < 1000; i++) {
                try (NDArray token = Sampler.random().sample(logits)) {
                    counts[(int) token.getLong()]++;
                }
            }
        }

        assertArrayEquals(new long[] {73, 0, 0, 582, 2, 0, 0, 343, 0}, counts);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1",
        "0.2499999, 1",
        "0.25, 3",
        "0.7499999, 3",
        "0.75, 4",
        "0.9999999999999999, 4"
    })
    void aChanceStandsForTheTokenUpToWhichMoreThanThatShareLies(double chance, long token) {
        NDArray probabilities =
                manager.create(new float[] {0, 0.25f, 0, 0.5f, 0.25f, 0}, new Shape(1, 6));

        assertEquals(token, Draw.with(chance).from(probabilities).getLong());
    }

    @Test
    void chancesThatAreEvenlySpreadDrawByTheProbabilities() {
        double[] chances = IntStream.range(0, DRAWS).mapToDouble(i -> (i + 0.5) / DRAWS).toArray();
        NDArray none = manager.zeros(new Shape(DRAWS, 0), DataType.INT64);

        NDArray tokens = Sampler.random().sample(rows(DRAWS), none, Draw.with(chances));

        long[] counts = counts(tokens);
        double[] expected = softmax(1);
        for (int i = 0; i < counts.length; i++) {
            assertEquals(expected[i] * DRAWS, counts[i], 1.5);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.5, 0.9999999999999999})
    void aTokenThatIsRuledOutIsNeverDrawn(double chance) {
        NDArray logits = manager.zeros(new Shape(1, 50_257));
        NDArray ruledOut = logits.get(":, 1:").add(Float.NEGATIVE_INFINITY);
        NDArray none = manager.zeros(new Shape(1, 0), DataType.INT64);

        NDArray scores = logits.get(":, :1").concat(ruledOut, 1);

        assertEquals(0, Sampler.random().sample(scores, none, Draw.with(chance)).getLong());
    }

    @Test
    void randomDrawsFollowTheSoftmax() {
        assertTrue(chiSquared(draw(Sampler.random()), softmax(1)) < CHI_SQUARED_8);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 2, 5})
    void temperatureDividesTheScores(double temperature) {
        long[] counts = draw(Sampler.random().temperature(temperature));

        assertTrue(chiSquared(counts, softmax(temperature)) < CHI_SQUARED_8);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, Double.MIN_VALUE, 1e-45, 1e-30, 1e-3})
    void almostNoTemperatureLeavesTheLikeliestToken(double temperature) {
        assertEquals(DRAWS, draw(Sampler.random().temperature(temperature))[3]);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e6, 1e300, Double.MAX_VALUE})
    void greatTemperatureMakesAllTokensEquallyLikely(double temperature) {
        long[] counts = draw(Sampler.random().temperature(temperature));

        assertTrue(chiSquared(counts, softmax(Double.POSITIVE_INFINITY)) < CHI_SQUARED_8);
    }

    @Test
    void topKLeavesTheOthersOutAndTheRestInProportion() {
        long[] counts = draw(Sampler.random().topK(3));

        double[] expected = softmax(1);
        IntStream.of(1, 2, 4, 5, 6, 8).forEach(i -> expected[i] = 0);
        assertEquals(DRAWS, counts[0] + counts[3] + counts[7]);
        assertTrue(chiSquared(counts, normalized(expected)) < CHI_SQUARED_8);
    }

    @Test
    void topKAndTemperatureDoNotDependOnTheirOrder() {
        double[] expected = softmax(2);
        IntStream.of(1, 2, 4, 5, 6, 8).forEach(i -> expected[i] = 0);

        long[] outer = draw(Sampler.random().topK(3).temperature(2));
        long[] inner = draw(Sampler.random().temperature(2).topK(3));

        assertTrue(chiSquared(outer, normalized(expected)) < CHI_SQUARED_8);
        assertTrue(chiSquared(inner, normalized(expected)) < CHI_SQUARED_8);
    }

    @Test
    void topKKeepsAllThatShareTheLastPlace() {
        NDArray logits = manager.create(new float[] {5, 1, 3, 3, 3, 2}, new Shape(1, 6));

        float[] kept = seen(logits, 2);

        assertArrayEquals(new boolean[] {true, false, true, true, true, false}, finite(kept));
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 10, 50_000})
    void topKOfTheWholeVocabularyChangesNothing(int k) {
        assertArrayEquals(SCORES, seen(rows(1), k));
    }

    @Test
    void topOneIsGreedy() {
        assertEquals(DRAWS, draw(Sampler.random().topK(1))[3]);
    }

    @Test
    void rowsAreCutSeparately() {
        NDArray logits = manager.create(new float[] {1, 2, 3, 30, 20, 10}, new Shape(2, 3));

        assertArrayEquals(
                new boolean[] {false, true, true, true, true, false}, finite(seen(logits, 2)));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, -1e-9, Double.NaN, Double.POSITIVE_INFINITY})
    void temperaturesThatMeanNothingAreRefused(double temperature) {
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> Sampler.random().temperature(temperature));

        assertTrue(refused.getMessage().contains("temperature=" + temperature));
    }

    @Test
    void topZeroIsRefused() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Sampler.random().topK(0));

        assertTrue(refused.getMessage().contains("topK=0 must be at least 1"));
    }

    /** The kept tokens are those of TopPLogitsWarper in transformers 5.23. */
    @ParameterizedTest
    @CsvSource({"0.3, 3", "0.6, 3 7", "0.95, 0 3 7", "0.999, 0 1 3 4 7 8", "1, 0 1 2 3 4 5 6 7 8"})
    void topPKeepsTheFewestTokensWithThatProbabilityTogether(double p, String kept) {
        assertEquals(kept, keptBy(spy -> spy.topP(p)));
    }

    /** The kept tokens are those of MinPLogitsWarper in transformers 5.23. */
    @ParameterizedTest
    @CsvSource({"1, 3", "0.7, 3", "0.1, 0 3 7", "0.007, 0 3 7 8", "0, 0 1 2 3 4 5 6 7 8"})
    void minPKeepsTokensThatAreLikelyBesideTheLikeliest(double p, String kept) {
        assertEquals(kept, keptBy(spy -> spy.minP(p)));
    }

    /** The scores are those of RepetitionPenaltyLogitsProcessor in transformers 5.23. */
    @ParameterizedTest
    @CsvSource({"1.5, 3.0066667, -2.85, 4.5", "0.8, 5.6375, -1.52, 8.4375"})
    void repetitionIsPunishedOnceHoweverOftenATokenCame(
            double penalty, float zero, float two, float three) {
        float[] expected = SCORES.clone();
        expected[0] = zero;
        expected[2] = two;
        expected[3] = three;
        NDArray before = manager.create(new long[] {3, 2, 3, 0}, new Shape(1, 4));

        float[] punished = seen(rows(1), before, spy -> spy.repetitionPenalty(penalty));

        assertArrayEquals(expected, punished, 1e-5f);
    }

    @Test
    void eachRowIsPunishedForItsOwnTokens() {
        NDArray logits = manager.create(new float[] {1, 2, 3, 4}, new Shape(2, 2));
        NDArray before = manager.create(new long[] {0, 0, 1, 1}, new Shape(2, 2));

        float[] punished = seen(logits, before, spy -> spy.repetitionPenalty(2));

        assertArrayEquals(new float[] {0.5f, 2, 3, 2}, punished);
    }

    @Test
    void withoutAPastNothingIsPunished() {
        float[] punished = seen(rows(1), spy -> spy.repetitionPenalty(2));

        assertArrayEquals(SCORES, punished);
    }

    @Test
    void theSmallestTopPLeavesTheLikeliestToken() {
        assertEquals("3", keptBy(spy -> spy.topP(Double.MIN_VALUE)));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 0, 1.1, Double.NaN})
    void topPOutsideItsRangeIsRefused(double p) {
        RuntimeException refused =
                assertThrows(IllegalArgumentException.class, () -> Sampler.random().topP(p));
        assertTrue(refused.getMessage().contains("topP=" + p), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
    void minPOutsideItsRangeIsRefused(double p) {
        RuntimeException refused =
                assertThrows(IllegalArgumentException.class, () -> Sampler.random().minP(p));
        assertTrue(refused.getMessage().contains("minP=" + p), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, 0, Double.NaN, Double.POSITIVE_INFINITY})
    void penaltiesThatMeanNothingAreRefused(double penalty) {
        RuntimeException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> Sampler.random().repetitionPenalty(penalty));
        assertTrue(refused.getMessage().contains("Penalty=" + penalty), refused.getMessage());
    }

    static Stream<Arguments> samplers() {
        return Stream.of(
                Arguments.of("greedy", Sampler.greedy()),
                Arguments.of("random", Sampler.random()),
                Arguments.of("temperature", Sampler.random().temperature(0.7)),
                Arguments.of("temperature 0", Sampler.random().temperature(0)),
                Arguments.of("topK", Sampler.random().topK(3)),
                Arguments.of("topK of all", Sampler.random().topK(9)),
                Arguments.of("topP", Sampler.random().topP(0.9)),
                Arguments.of("topP of all", Sampler.random().topP(1)),
                Arguments.of("minP", Sampler.random().minP(0.1)),
                Arguments.of("minP of all", Sampler.random().minP(0)),
                Arguments.of("repetitionPenalty", Sampler.greedy().repetitionPenalty(1.2)),
                Arguments.of("no penalty", Sampler.greedy().repetitionPenalty(1)),
                Arguments.of(
                        "all",
                        Sampler.random()
                                .minP(0.1)
                                .topP(0.9)
                                .topK(3)
                                .temperature(0.7)
                                .repetitionPenalty(1.2)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samplers")
    void aChoiceLeavesTheTokensOnly(String name, Sampler sampler) {
        NDArray logits = rows(2);
        NDArray past = manager.create(new long[] {3, 2, 0, 0}, new Shape(2, 2));
        long before = HeldArrays.inProcess(manager);

        NDArray first = sampler.sample(logits);
        assertEquals(before + 1, HeldArrays.inProcess(manager));
        NDArray second = sampler.sample(logits, past, Draw.ofEngine());
        assertEquals(before + 2, HeldArrays.inProcess(manager));

        assertEquals(2, first.toLongArray().length);
        assertEquals(2, second.toLongArray().length);
        assertEquals(18, logits.toFloatArray().length, "the scores stay the caller's");
    }

    @Test
    void aChoiceThatFailsLeavesNothing() {
        Sampler failing =
                (logits, seen, draw) -> {
                    logits.neg();
                    throw new IllegalStateException("no choice");
                };
        NDArray logits = rows(2);
        long before = HeldArrays.inProcess(manager);

        assertThrows(
                IllegalStateException.class,
                () -> failing.topP(0.9).topK(3).temperature(2).sample(logits));

        assertEquals(before, HeldArrays.inProcess(manager));
    }

    private String keptBy(UnaryOperator<Sampler> wrapper) {
        boolean[] kept = finite(seen(rows(1), wrapper));
        return IntStream.range(0, kept.length)
                .filter(i -> kept[i])
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(" "));
    }

    private float[] seen(NDArray logits, int k) {
        return seen(logits, spy -> spy.topK(k));
    }

    private float[] seen(NDArray logits, UnaryOperator<Sampler> wrapper) {
        return seen(logits, manager.zeros(new Shape(1, 0), DataType.INT64), wrapper);
    }

    private float[] seen(NDArray logits, NDArray past, UnaryOperator<Sampler> wrapper) {
        float[][] seen = new float[1][];
        Sampler spy =
                (scores, before, draw) -> {
                    seen[0] = scores.toFloatArray();
                    return Sampler.greedy().sample(scores);
                };
        wrapper.apply(spy).sample(logits, past, Draw.ofEngine());
        return seen[0];
    }

    private static boolean[] finite(float[] values) {
        boolean[] finite = new boolean[values.length];
        for (int i = 0; i < values.length; i++) {
            finite[i] = Float.isFinite(values[i]);
        }
        return finite;
    }

    private long[] draw(Sampler sampler) {
        Engine.getInstance().setRandomSeed(7);
        return counts(sampler.sample(rows(DRAWS)));
    }

    private static long[] counts(NDArray tokens) {
        long[] counts = new long[9];
        for (long token : tokens.toLongArray()) {
            counts[(int) token]++;
        }
        return counts;
    }

    private NDArray rows(int count) {
        return manager.create(SCORES, new Shape(1, 9)).repeat(0, count);
    }

    private static double[] softmax(double temperature) {
        return normalized(
                IntStream.range(0, 9)
                        .mapToDouble(i -> Math.exp(SCORES[i] / temperature))
                        .toArray());
    }

    private static double[] normalized(double[] weights) {
        double sum = DoubleStream.of(weights).sum();
        return DoubleStream.of(weights).map(weight -> weight / sum).toArray();
    }

    private static double chiSquared(long[] counts, double[] probabilities) {
        double sum = 0;
        for (int i = 0; i < counts.length; i++) {
            double expected = DRAWS * probabilities[i];
            if (expected == 0) {
                assertEquals(0, counts[i], "draws of token " + i);
            } else {
                sum += (counts[i] - expected) * (counts[i] - expected) / expected;
            }
        }
        return sum;
    }
}
