package org.djlgpt.torch;

import static org.djlgpt.torch.Autograd.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CrossEntropyKernelTest {

    /** Roundings of sums over 65,000 words, which each processor adds up in another order. */
    private static final double SUM_TOLERANCE = Math.sqrt(65_000) * Math.ulp(1f);

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        Engine.getEngine("PyTorch").setRandomSeed(123);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private NDArray normal(long... shape) {
        return manager.randomNormal(new Shape(shape));
    }

    /** Of which logits are of the same size at any width. */
    private NDArray projection(long words, long width) {
        return normal(words, width).mul(Math.sqrt(8.0 / width));
    }

    private NDArray targets(long tokens, long words) {
        return manager.arange((int) tokens).mul(7).mod(words).toType(DataType.INT64, false);
    }

    private static NDArray explicitLoss(NDArray logits, NDArray targets) {
        return logits.logSoftmax(-1).gather(targets.reshape(-1, 1), 1).mean().neg();
    }

    /** The last case takes several chunks of rows. */
    @ParameterizedTest(name = "{0} tokens, {1} words")
    @CsvSource({"1, 1", "1, 65", "5, 3", "40, 65000"})
    void lossOfLogitsIsTheFormulaWithItsGradient(long tokens, long words) {
        NDArray logits = normal(tokens, words).mul(3);
        NDArray targets = targets(tokens, words);

        NDList expected = Autograd.run(x -> explicitLoss(x[0], targets), logits);
        NDList full = Autograd.run(x -> CrossEntropyKernel.ofLogits(x[0], targets), logits);
        NDList half =
                Autograd.run(
                        x -> CrossEntropyKernel.ofLogits(BFloat16.from(x[0]), targets), logits);
        assertAgree(expected, full, half, tokens);
    }

    @ParameterizedTest(name = "{0} tokens, {1} words, {2} wide")
    @CsvSource({"1, 65, 8", "5, 3, 8", "40, 65000, 8", "520, 8192, 128"})
    void lossOfAProjectionIsTheFormulaWithItsGradients(long tokens, long words, long width) {
        NDArray hidden = normal(tokens, width);
        NDArray weight = projection(words, width);
        NDArray targets = targets(tokens, words);

        NDList expected =
                Autograd.run(
                        x -> explicitLoss(x[0].matMul(x[1].transpose()), targets), hidden, weight);
        NDList full =
                Autograd.run(
                        x -> CrossEntropyKernel.ofProjection(x[0], x[1], targets), hidden, weight);
        NDList half =
                Autograd.run(
                        x -> CrossEntropyKernel.ofProjection(x[0], BFloat16.from(x[1]), targets),
                        hidden,
                        weight);
        assertAgree(expected, full, half, tokens);
    }

    /** One case takes several parts on a CPU, others oneDNN. */
    @ParameterizedTest(name = "{0} tokens, {1} words, {2} wide")
    @CsvSource({"1, 65, 8", "5, 3, 8", "300, 65000, 8", "70, 8192, 128", "520, 8192, 128"})
    void lossOfAFrozenProjectionHasTheGradientOfItsInput(long tokens, long words, long width) {
        NDArray hidden = normal(tokens, width);
        NDArray weight = projection(words, width);
        NDArray narrow = BFloat16.from(weight);
        NDArray targets = targets(tokens, words);

        NDList expected =
                Autograd.run(x -> explicitLoss(x[0].matMul(weight.transpose()), targets), hidden);
        NDList full =
                Autograd.run(x -> CrossEntropyKernel.ofProjection(x[0], weight, targets), hidden);
        NDList half =
                Autograd.run(x -> CrossEntropyKernel.ofProjection(x[0], narrow, targets), hidden);
        assertAgree(expected, full, half, tokens);
    }

    /** Gradients are means over tokens, so they are compared as sums, where they are of size 1. */
    private static void assertAgree(NDList expected, NDList full, NDList half, long tokens) {
        assertClose(expected.get(0), full.get(0), 1e-6);
        assertClose(expected.get(0), half.get(0), 0.01);
        for (int i = 1; i < expected.size(); i++) {
            NDArray gradient = expected.get(i).mul(tokens);
            assertClose(gradient, full.get(i).mul(tokens), SUM_TOLERANCE);
            assertClose(gradient, half.get(i).mul(tokens), 0.03);
        }
    }

    @ParameterizedTest(name = "{0} tokens, {1} words, {2} wide")
    @CsvSource({"1, 65, 8", "5, 3, 8", "300, 65000, 8", "70, 8192, 128", "520, 8192, 128"})
    void logProbabilitiesAreThoseOfTheFormulaWithTheirGradients(
            long tokens, long words, long width) {
        NDArray hidden = normal(tokens, width);
        NDArray weight = projection(words, width);
        NDArray narrow = BFloat16.from(weight);
        NDArray all = targets(tokens, words);
        NDArray targets = all.duplicate();
        NDArray counted = manager.ones(all.getShape());
        if (tokens > 1) {
            targets.set(new NDIndex("1"), -100);
            counted.set(new NDIndex("1"), 0);
        }

        NDList expected =
                Autograd.run(
                        x ->
                                x[0].matMul(x[1].transpose())
                                        .logSoftmax(-1)
                                        .gather(all.reshape(-1, 1), 1)
                                        .squeeze(1)
                                        .mul(counted),
                        hidden,
                        weight);
        NDList learning =
                Autograd.run(
                        x -> CrossEntropyKernel.logProbabilities(x[0], x[1], targets),
                        hidden,
                        weight);
        NDList frozen =
                Autograd.run(
                        x -> CrossEntropyKernel.logProbabilities(x[0], weight, targets), hidden);
        NDList half =
                Autograd.run(
                        x -> CrossEntropyKernel.logProbabilities(x[0], narrow, targets), hidden);

        for (int i = 0; i < expected.size(); i++) {
            assertClose(expected.get(i), learning.get(i), SUM_TOLERANCE);
        }
        for (int i = 0; i < frozen.size(); i++) {
            assertClose(expected.get(i), frozen.get(i), SUM_TOLERANCE);
            assertClose(expected.get(i), half.get(i), 0.03);
        }
        weight.setRequiresGradient(true);
        try (Recording off = Recording.off()) {
            NDArray unrecorded = CrossEntropyKernel.logProbabilities(hidden, weight, targets);
            assertClose(expected.get(0), unrecorded, 1e-5);
        }
    }

    @ParameterizedTest(name = "{0} tokens, {1} words, {2} wide")
    @CsvSource({"1, 65, 8", "9, 31, 8", "300, 65000, 8", "70, 8192, 128", "520, 8192, 128"})
    void lossesAreTheSameWithoutRecording(long tokens, long words, long width) {
        NDArray hidden = normal(tokens, width);
        NDArray weight = projection(words, width);
        NDArray targets = targets(tokens, words);
        NDArray logits = hidden.matMul(weight.transpose());
        NDArray expected = explicitLoss(logits, targets);
        weight.setRequiresGradient(true);
        logits.setRequiresGradient(true);
        try (Recording off = Recording.off()) {
            NDArray loss = CrossEntropyKernel.ofProjection(hidden, weight, targets);
            assertClose(expected, loss, 1e-6);
            assertClose(expected, CrossEntropyKernel.ofLogits(logits, targets), 1e-6);
        }
    }

    @Test
    void gradientFollowsTheScaleOfTheLoss() {
        NDArray hidden = normal(4, 8);
        NDArray weight = normal(16, 8);
        NDArray targets = targets(4, 16);
        NDList whole =
                Autograd.run(x -> CrossEntropyKernel.ofProjection(x[0], weight, targets), hidden);
        NDList quarter =
                Autograd.run(
                        x -> CrossEntropyKernel.ofProjection(x[0], weight, targets).mul(0.25f),
                        hidden);
        assertClose(whole.get(1).mul(0.25f), quarter.get(1), 1e-6);
    }

    @Test
    void largeLogitsStayFinite() {
        NDArray logits = manager.create(new float[] {1e4f, -1e4f, 0}, new Shape(1, 3));
        NDArray worst = manager.create(new long[] {1});
        assertEquals(2e4f, CrossEntropyKernel.ofLogits(logits, worst).getFloat(), 1);
    }

    @Test
    void theMeanOfNothingIsNotANumber() {
        NDArray targets = manager.full(new Shape(4), -100, DataType.INT64);
        NDList found =
                Autograd.run(
                        x -> CrossEntropyKernel.ofProjection(x[0], x[1], targets),
                        normal(4, 8),
                        normal(50, 8));

        assertTrue(Float.isNaN(found.get(0).getFloat()));
    }

    @Test
    void wrongArgumentIsRefusedByName() {
        NDArray logits = normal(4, 16);
        assertRefused("targets has shape (3)", logits, targets(3, 16));
        assertRefused("targets has type float32, but must have int64", logits, normal(4));
        assertRefused(
                "logits has shape (2, 2, 16), but must have 2 dimensions",
                normal(2, 2, 16),
                targets(4, 16));
        assertRefused(
                "logits has shape (0, 16), but must have at least one element",
                manager.create(new Shape(0, 16)),
                targets(4, 16));
        NDArray outside = manager.create(new long[] {0, 1, 16, 2});
        if (manager.getDevice().isGpu()) {
            assertTrue(Float.isNaN(CrossEntropyKernel.ofLogits(logits, outside).getFloat()));
        } else {
            assertThrows(EngineException.class, () -> CrossEntropyKernel.ofLogits(logits, outside));
        }
    }

    private static void assertRefused(String reason, NDArray logits, NDArray targets) {
        IllegalArgumentException error =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> CrossEntropyKernel.ofLogits(logits, targets));
        assertTrue(
                error.getMessage().startsWith("CrossEntropyKernel.ofLogits: " + reason),
                error::getMessage);
    }
}
