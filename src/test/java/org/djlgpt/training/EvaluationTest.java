package org.djlgpt.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;

import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.stream.IntStream;
import java.util.stream.LongStream;

class EvaluationTest {

    private static final int VOCABULARY = 20;
    private static final int CONTEXT = 6;

    private final NDManager manager = ComputeDevice.newManager();
    private final TokenWindows windows = windows(11);
    private final GptModel model =
            TinyGpt.model(TinyGpt.size(VOCABULARY, CONTEXT).build(), 3, manager);

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 5, 11, 100})
    void theLossIsTheMeanOverWindowsWhateverTheBatch(int batchSize) {
        double expected = LongStream.range(0, 11).mapToDouble(this::lossOf).average().orElseThrow();

        assertEquals(expected, new Evaluation(model, manager, batchSize).loss(windows, 11), 1e-6);
    }

    @Test
    void aPartOfTheWindowsLiesEvenlySpread() {
        double expected = (lossOf(0) + lossOf(3) + lossOf(7)) / 3; // 0, 11/3 and 22/3

        assertEquals(expected, new Evaluation(model, manager, 2).loss(windows, 3), 1e-6);
    }

    @Test
    void workersShareTheWindowsOfALoss() {
        Evaluation evaluation = new Evaluation(model, manager, 2);
        for (int workers : new int[] {1, 2, 3, 9}) {
            Evaluation.LossSum sum = new Evaluation.LossSum(0, 0);
            for (int rank = 0; rank < workers; rank++) {
                sum = sum.plus(evaluation.share(windows, 7, rank, workers));
            }
            assertEquals(evaluation.loss(windows, 7), sum.mean(), 1e-6);
            assertEquals(7 * CONTEXT, sum.count());
        }
    }

    @Test
    void moreWindowsThanThereAreMeansAll() {
        Evaluation evaluation = new Evaluation(model, manager, 4);

        assertEquals(evaluation.loss(windows, 11), evaluation.loss(windows, Long.MAX_VALUE));
    }

    @Test
    void anyBlockThatGivesLogitsCanBeMeasured() {
        Block zeros =
                new LambdaBlock(
                        tokens -> {
                            NDArray ids = tokens.singletonOrThrow();
                            Shape logits = ids.getShape().add(VOCABULARY);
                            return new NDList(ids.getManager().zeros(logits));
                        });

        assertEquals(
                Math.log(VOCABULARY), new Evaluation(zeros, manager, 3).loss(windows, 11), 1e-6);
    }

    @Test
    void nothingIsLeftBehindAndNothingRecorded() {
        Evaluation evaluation = new Evaluation(model, manager, 4);
        evaluation.loss(windows, 1);
        long before = HeldArrays.inProcess(manager);
        boolean recorded = JniUtils.isGradMode();

        evaluation.loss(windows, 11);

        assertEquals(before, HeldArrays.inProcess(manager));
        assertEquals(recorded, JniUtils.isGradMode());
    }

    @Test
    void dropoutIsAbsent() {
        GptModel dropping =
                TinyGpt.model(
                        TinyGpt.size(VOCABULARY, CONTEXT).optDropout(0.9f).build(), 3, manager);

        double loss = new Evaluation(dropping, manager, 4).loss(windows, 11);

        assertEquals(new Evaluation(model, manager, 4).loss(windows, 11), loss);
        assertFalse(Double.isNaN(loss));
    }

    /** The cross-entropy of one window, summed in double from the model's logits. */
    private double lossOf(long window) {
        NDList batch = windows.batch(manager, window);
        float[] logits =
                model.forward(new ParameterStore(manager, false), new NDList(batch.get(0)), false)
                        .singletonOrThrow()
                        .toFloatArray();
        long[] targets = batch.get(1).toLongArray();
        return IntStream.range(0, CONTEXT)
                .mapToDouble(t -> surprise(logits, t * VOCABULARY, (int) targets[t]))
                .average()
                .orElseThrow();
    }

    private static double surprise(float[] logits, int row, int target) {
        double sum =
                IntStream.range(0, VOCABULARY).mapToDouble(i -> Math.exp(logits[row + i])).sum();
        return Math.log(sum) - logits[row + target];
    }

    private static TokenWindows windows(int count) {
        int[] tokens =
                IntStream.range(0, count * CONTEXT + 1)
                        .map(i -> (i * i + 3 * i) % VOCABULARY)
                        .toArray();
        return TokenWindows.builder()
                .setTokens(Tokens.of(tokens))
                .setContextLength(CONTEXT)
                .setSampling(1, false)
                .build();
    }
}
