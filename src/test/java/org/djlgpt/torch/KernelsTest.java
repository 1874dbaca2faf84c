package org.djlgpt.torch;

import static org.djlgpt.torch.Autograd.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;

import org.djlgpt.testing.Refusals;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.function.UnaryOperator;

class KernelsTest {

    /** bfloat16 keeps 8 bits; sums of rounded terms lose a few more. */
    private static final double BFLOAT16_TOLERANCE = 0.02;

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

    /** The formula, with DJL's operators. */
    static NDArray explicitAttention(NDArray q, NDArray k, NDArray v) {
        long tokens = q.getShape().get(2);
        NDArray scores = q.matMul(k.transpose(0, 1, 3, 2)).div(Math.sqrt(q.getShape().get(3)));
        NDArray position = q.getManager().arange((int) tokens);
        NDArray future = position.reshape(1, tokens).gt(position.reshape(tokens, 1));
        NDArray masked = scores.add(future.toType(DataType.FLOAT32, false).mul(-1e30f));
        return masked.softmax(-1).matMul(v);
    }

    @ParameterizedTest(name = "T = {0}, headDim = {1}")
    @CsvSource({"1, 64", "2, 1", "7, 3", "17, 16", "33, 128", "256, 64", "800, 8"})
    void causalAttentionIsTheFormulaWithItsGradient(long tokens, long headDim) {
        NDArray q = normal(2, 3, tokens, headDim);
        NDArray k = normal(2, 3, tokens, headDim);
        NDArray v = normal(2, 3, tokens, headDim);

        NDList expected = Autograd.run(x -> explicitAttention(x[0], x[1], x[2]), q, k, v);
        NDList fused = Autograd.run(x -> causalAttention(x[0], x[1], x[2], 0), q, k, v);
        NDList half =
                Autograd.run(
                        x ->
                                BFloat16.toFloat32(
                                        causalAttention(
                                                BFloat16.from(x[0]),
                                                BFloat16.from(x[1]),
                                                BFloat16.from(x[2]),
                                                0)),
                        q,
                        k,
                        v);
        for (int i = 0; i < expected.size(); i++) {
            assertClose(expected.get(i), fused.get(i), 1e-5);
            assertClose(expected.get(i), half.get(i), BFLOAT16_TOLERANCE);
        }
    }

    /** Queries that share a key stand side by side, and a window counts the query's own token. */
    @ParameterizedTest(name = "T = {0}, {1} groups, window {2}")
    @CsvSource({"9, 2, 9", "9, 1, 4", "9, 4, 1", "33, 2, 32", "33, 2, 7", "800, 2, 100"})
    void attentionOfGroupsInAWindowIsTheFormulaWithItsGradient(
            long tokens, long groups, int window) {
        NDArray q = normal(2, 4, tokens, 8);
        NDArray k = normal(2, groups, tokens, 8);
        NDArray v = normal(2, groups, tokens, 8);

        NDList expected = Autograd.run(x -> explicitAttention(x[0], x[1], x[2], window), q, k, v);
        NDList fused =
                Autograd.run(x -> Kernels.causalAttention(x[0], x[1], x[2], 0, window), q, k, v);
        NDList half =
                Autograd.run(
                        x ->
                                BFloat16.toFloat32(
                                        Kernels.causalAttention(
                                                BFloat16.from(x[0]),
                                                BFloat16.from(x[1]),
                                                BFloat16.from(x[2]),
                                                0,
                                                window)),
                        q,
                        k,
                        v);
        for (int i = 0; i < expected.size(); i++) {
            assertClose(expected.get(i), fused.get(i), 1e-5);
            assertClose(expected.get(i), half.get(i), BFLOAT16_TOLERANCE);
        }
    }

    /** A mask for each row that says what the window says gives what the window gives. */
    @ParameterizedTest(name = "T = {0}, {1} groups, window {2}")
    @CsvSource({"1, 2, 1", "9, 4, 9", "9, 1, 4", "33, 2, 7", "800, 2, 100"})
    void maskedAttentionIsTheFormulaWithItsGradient(long tokens, long groups, int window) {
        NDArray q = normal(2, 4, tokens, 8);
        NDArray k = normal(2, groups, tokens, 8);
        NDArray v = normal(2, groups, tokens, 8);
        NDArray position = manager.arange((int) tokens);
        NDArray age = position.expandDims(1).sub(position); // (T, T)
        NDArray never = manager.full(age.getShape(), Float.NEGATIVE_INFINITY);
        NDArray hidden = age.lt(0).logicalOr(age.gte(window));
        NDArray mask = NDArrays.where(hidden, never, age.zerosLike()).expandDims(0).expandDims(0);
        NDArray masks = mask.repeat(0, 2).toType(DataType.FLOAT32, true); // (2, 1, T, T)

        NDList expected = Autograd.run(x -> explicitAttention(x[0], x[1], x[2], window), q, k, v);
        NDList fused =
                Autograd.run(x -> Kernels.maskedAttention(x[0], x[1], x[2], masks, 0), q, k, v);
        NDList half =
                Autograd.run(
                        x ->
                                BFloat16.toFloat32(
                                        Kernels.maskedAttention(
                                                BFloat16.from(x[0]),
                                                BFloat16.from(x[1]),
                                                BFloat16.from(x[2]),
                                                BFloat16.from(masks),
                                                0)),
                        q,
                        k,
                        v);
        for (int i = 0; i < expected.size(); i++) {
            assertClose(expected.get(i), fused.get(i), 1e-5);
            assertClose(expected.get(i), half.get(i), BFLOAT16_TOLERANCE);
        }
    }

    private static NDArray explicitAttention(NDArray q, NDArray k, NDArray v, int window) {
        long shared = q.getShape().get(1) / k.getShape().get(1);
        NDArray keys = k.repeat(1, shared);
        NDArray scores = q.matMul(keys.transpose(0, 1, 3, 2)).div(Math.sqrt(q.getShape().get(3)));
        NDArray position = q.getManager().arange((int) q.getShape().get(2));
        NDArray age = position.expandDims(1).sub(position); // (T, T)
        NDArray hidden = age.lt(0).logicalOr(age.gte(window));
        NDArray masked = scores.add(hidden.toType(DataType.FLOAT32, false).mul(-1e30f));
        return masked.softmax(-1).matMul(v.repeat(1, shared));
    }

    @Test
    void rmsNormIsTheFormulaWithItsGradient() {
        NDArray x = normal(3, 4, 7);
        NDArray scale = normal(7);
        NDList expected =
                Autograd.run(
                        p ->
                                p[0].div(p[0].square().mean(new int[] {-1}, true).add(1e-3f).sqrt())
                                        .mul(p[1]),
                        x,
                        scale);
        NDList actual = Autograd.run(p -> Kernels.rmsNorm(p[0], p[1], 1e-3), x, scale);
        for (int i = 0; i < expected.size(); i++) {
            assertClose(expected.get(i), actual.get(i), 1e-6);
        }
    }

    /** A pair as a complex number is multiplied by another of length 1. */
    @Test
    void rotationTurnsPairsInTheirPlanes() {
        NDArray angles = normal(3, 2);
        NDArray x = manager.create(new float[] {1, 0, 0, 1}).reshape(1, 4).repeat(0, 3); // (3, 4)
        NDArray turned = Kernels.rotate(x, angles.cos(), angles.sin());
        NDArray half = Kernels.rotate(BFloat16.from(x), angles.cos(), angles.sin());
        assertTrue(BFloat16.is(half));
        for (int t = 0; t < 3; t++) {
            double first = angles.getFloat(t, 0);
            double second = angles.getFloat(t, 1);
            double[] expected = {
                Math.cos(first), -Math.sin(second), Math.sin(first), Math.cos(second)
            };
            for (int i = 0; i < 4; i++) {
                assertEquals(expected[i], turned.getFloat(t, i), 1e-6);
                float rounded = BFloat16.toFloat32(half).getFloat(t, i);
                assertEquals(expected[i], rounded, BFLOAT16_TOLERANCE);
            }
        }
    }

    @Test
    void droppedAttentionWeightsAreScaledUpSoThatTheMeanStays() {
        long tokens = 64;
        NDArray q = manager.zeros(new Shape(8, 8, tokens, 4));
        NDArray v = manager.ones(new Shape(8, 8, tokens, 4));
        double dropout = 0.25;

        NDArray result = causalAttention(q, q, v, dropout);

        assertEquals(1, result.mean().getFloat(), 0.02);
        NDArray firstToken = result.get(":, :, 0, 0");
        double zeros = firstToken.eq(0).toType(DataType.FLOAT32, false).mean().getFloat();
        assertEquals(dropout, zeros, 0.16);
        assertEquals(1 / (1 - dropout), firstToken.max().getFloat(), 1e-2);
    }

    @Test
    void laterTokensDoNotChangeEarlierResults() {
        NDArray q = normal(1, 2, 9, 4);
        NDArray k = normal(1, 2, 9, 4);
        NDArray changed = k.duplicate();
        changed.set(new NDIndex(":, :, 5:"), 100f);
        for (boolean half : new boolean[] {false, true}) {
            UnaryOperator<NDArray> cast = x -> half ? BFloat16.from(x) : x;
            NDArray before = causalAttention(cast.apply(q), cast.apply(k), cast.apply(k), 0);
            NDArray after =
                    causalAttention(cast.apply(q), cast.apply(changed), cast.apply(changed), 0);
            NDIndex past = new NDIndex(":, :, :5");
            assertEquals(BFloat16.toFloat32(before).get(past), BFloat16.toFloat32(after).get(past));
        }
    }

    @Test
    void geluIsTheTanhFormWithItsGradient() {
        NDArray inputs = manager.linspace(-6, 6, 97);
        NDList expected = Autograd.run(x -> explicitGelu(x[0]), inputs);
        NDList actual = Autograd.run(x -> Kernels.geluTanh(x[0]), inputs);
        assertClose(expected.get(0), actual.get(0), 1e-6);
        assertClose(expected.get(1), actual.get(1), 1e-6);
    }

    private static NDArray explicitGelu(NDArray x) {
        NDArray inner = x.add(x.pow(3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
        return x.mul(0.5f).mul(inner.tanh().add(1));
    }

    @Test
    void linearIsTheFormulaWithItsGradient() {
        NDArray x = normal(2, 5, 7);
        NDArray weight = normal(4, 7);
        NDArray bias = normal(4);
        NDList expected =
                Autograd.run(p -> Linear.linear(p[0], p[1], p[2]).get(0), x, weight, bias);
        NDList full =
                Autograd.run(p -> linear(p[0], p[1], FloatType.FLOAT32, p[2]), x, weight, bias);
        NDList half =
                Autograd.run(
                        p -> BFloat16.toFloat32(linear(p[0], p[1], FloatType.BFLOAT16, p[2])),
                        x,
                        weight,
                        bias);
        for (int i = 0; i < expected.size(); i++) {
            assertClose(expected.get(i), full.get(i), 1e-6);
            assertEquals(DataType.FLOAT32, half.get(i).getDataType());
            assertClose(expected.get(i), half.get(i), BFLOAT16_TOLERANCE);
        }
    }

    private static NDArray linear(NDArray x, NDArray weight, FloatType type, NDArray... bias) {
        return Kernels.linear(x, List.of(weight), List.of(bias), type).head();
    }

    @Test
    void layersOfOneInputAreEachTheFormulaWithItsGradient() {
        NDArray[] arrays = {
            normal(2, 5, 7),
            normal(4, 7),
            normal(2, 7),
            normal(4, 7),
            normal(4),
            normal(2),
            normal(4)
        };
        NDArray mix = normal(2, 5, 10);
        NDList expected =
                Autograd.run(
                        p -> {
                            NDArray first = Linear.linear(p[0], p[1], p[4]).get(0);
                            NDArray second = Linear.linear(p[0], p[2], p[5]).get(0);
                            NDArray third = Linear.linear(p[0], p[3], p[6]).get(0);
                            return NDArrays.concat(new NDList(first, second, third), -1).mul(mix);
                        },
                        arrays);
        for (FloatType type : List.of(FloatType.FLOAT32, FloatType.BFLOAT16)) {
            NDList actual =
                    Autograd.run(
                            p -> {
                                NDList outputs =
                                        Kernels.linear(
                                                p[0],
                                                List.of(p[1], p[2], p[3]),
                                                List.of(p[4], p[5], p[6]),
                                                type);
                                assertEquals(new Shape(2, 5, 2), outputs.get(1).getShape());
                                NDArray all = NDArrays.concat(outputs, -1);
                                return BFloat16.widen(all).mul(mix);
                            },
                            arrays);
            double tolerance = type == FloatType.FLOAT32 ? 1e-6 : BFLOAT16_TOLERANCE;
            for (int i = 0; i < expected.size(); i++) {
                assertClose(expected.get(i), actual.get(i), tolerance);
            }
        }
    }

    @Test
    void linearWithoutBiasIsAMatrixProduct() {
        NDArray x = normal(2, 5, 7);
        NDArray weight = normal(4, 7);
        NDList expected = Autograd.run(p -> p[0].matMul(p[1].transpose()), x, weight);
        NDList actual = Autograd.run(p -> linear(p[0], p[1], FloatType.FLOAT32), x, weight);
        for (int i = 0; i < expected.size(); i++) {
            assertClose(expected.get(i), actual.get(i), 1e-6);
        }
    }

    @Test
    void aProductOfLowRankIsAddedWithItsGradients() {
        NDArray y = normal(2, 5, 3);
        NDArray x = normal(2, 5, 4);
        NDArray a = normal(2, 4);
        NDArray b = normal(3, 2);

        NDList expected =
                Autograd.run(
                        p -> {
                            NDArray product =
                                    p[1].matMul(p[2].transpose().matMul(p[3].transpose()));
                            return p[0].add(product.add(product.mul(0.5f)));
                        },
                        y,
                        x,
                        a,
                        b);
        NDList full =
                Autograd.run(p -> Kernels.addLowRank(p[0], p[1], p[2], p[3], 1.5), y, x, a, b);
        NDList half =
                Autograd.run(
                        p ->
                                BFloat16.toFloat32(
                                        Kernels.addLowRank(
                                                BFloat16.from(p[0]),
                                                p[1],
                                                BFloat16.from(p[2]),
                                                BFloat16.from(p[3]),
                                                1.5)),
                        y,
                        x,
                        a,
                        b);
        for (int i = 0; i < expected.size(); i++) {
            assertClose(expected.get(i), full.get(i), 1e-4);
            assertClose(expected.get(i), half.get(i), 0.3);
        }
    }

    @Test
    void aProductOfLowRankThatDoesNotFitIsRefused() {
        NDArray y = normal(2, 5, 3);
        NDArray x = normal(2, 5, 4);
        NDArray a = normal(2, 4);
        NDArray b = normal(3, 2);
        Object[][] wrong = {
            {"sum", normal(2, 5, 2), x, a, b},
            {"input", y, normal(2, 4, 4), a, b},
            {"input", y, normal(2, 5, 5), a, b},
            {"b", y, x, a, normal(3, 3)},
            {"a", y, x, normal(4), b},
            {"sum", y.toType(DataType.FLOAT64, false), x, a, b}
        };
        for (Object[] arguments : wrong) {
            String message =
                    assertThrows(
                                    IllegalArgumentException.class,
                                    () ->
                                            Kernels.addLowRank(
                                                    (NDArray) arguments[1],
                                                    (NDArray) arguments[2],
                                                    (NDArray) arguments[3],
                                                    (NDArray) arguments[4],
                                                    1))
                            .getMessage();
            assertTrue(message.startsWith("addLowRank: " + arguments[0] + " has"), message);
        }
    }

    @Test
    void bfloat16KeepsEightBits() {
        NDArray x = manager.create(new float[] {1, 1 + 1f / 512, 1 + 1f / 128, -3e38f, Float.NaN});
        NDArray rounded = BFloat16.from(x);
        assertTrue(BFloat16.is(rounded));
        assertFalse(BFloat16.is(x));
        float[] widened = BFloat16.toFloat32(rounded).toFloatArray();
        assertEquals(1, widened[0]);
        assertEquals(1, widened[1]);
        assertEquals(1 + 1f / 128, widened[2]);
        assertEquals(-3e38f, widened[3], 1e36f);
        assertTrue(Float.isNaN(widened[4]));
    }

    @Test
    void wrongArgumentIsRefusedByName() {
        NDArray q = normal(1, 2, 3, 4);
        NDArray shorter = normal(1, 2, 2, 4);
        NDArray integers = manager.ones(new Shape(1, 2, 3, 4), DataType.INT64);
        NDArray closed = normal(1, 2, 3, 4);
        closed.close();

        assertRefused("causalAttention: key has shape (1, 2, 2, 4)", q, shorter, q, 0);
        assertRefused(
                "causalAttention: value has type int64, but must have float32", q, q, integers, 0);
        assertRefused(
                "causalAttention: value has type float32",
                BFloat16.from(q),
                BFloat16.from(q),
                q,
                0);
        assertRefused(
                "causalAttention: query has type int64, but must have float32 or bfloat16",
                integers,
                integers,
                integers,
                0);
        assertRefused("causalAttention: query is closed", closed, q, q, 0);
        assertRefused("causalAttention: key is null", q, null, q, 0);
        assertRefused(
                "causalAttention: query has shape (3, 4), but must have 4 dimensions",
                q.reshape(6, 4).get("0:3"),
                q,
                q,
                0);
        assertRefused("causalAttention: dropout is 1.0", q, q, q, 1);
        assertRefused("causalAttention: dropout is NaN", q, q, q, Double.NaN);

        String message =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> linear(q, normal(8, 5), FloatType.FLOAT32))
                        .getMessage();
        assertTrue(message.startsWith("linear: input has shape (1, 2, 3, 4)"), message);
        assertTrue(message.endsWith("a last axis of 5"), message);
    }

    @Test
    void groupsWindowsAnglesAndScalesThatDoNotFitAreRefused() {
        NDArray q = normal(1, 4, 3, 6);
        NDArray threeGroups = normal(1, 3, 3, 6);
        NDArray angles = normal(3, 2);
        NDArray half = BFloat16.from(q);

        assertRefused("causalAttention: key has shape (1, 3, 3, 6)", q, threeGroups, q, 0);
        Refusals.assertRefused(
                () -> Kernels.maskedAttention(q, q, q, q, 0),
                "maskedAttention: mask has shape (1, 4, 3, 6), but must have (1, 1, 3, 3)");
        Refusals.assertRefused(
                () -> Kernels.causalAttention(q, q, q, 0, 0),
                "causalAttention: window is 0",
                "at least 1");
        Refusals.assertRefused(
                () -> Kernels.rotate(q, angles, angles), "rotate: input has shape (1, 4, 3, 6)");
        Refusals.assertRefused(
                () -> Kernels.rotate(q, normal(3, 3), angles), "rotate: sine has shape (3, 2)");
        Refusals.assertRefused(
                () -> Kernels.rotate(q, normal(2, 3), normal(2, 3)), "(1, 4, 3, 6)", "(2, 6)");
        Refusals.assertRefused(
                () -> Kernels.rotate(q, normal(1, 3), normal(1, 3)), "(1, 4, 3, 6)", "(1, 6)");
        Refusals.assertRefused(
                () -> Kernels.rmsNorm(q, normal(5), 1e-5), "rmsNorm: input has shape (1, 4, 3, 6)");
        Refusals.assertRefused(
                () -> Kernels.rmsNorm(half, normal(6), 1e-5), "rmsNorm: input has type bfloat16");
    }

    private static NDArray causalAttention(NDArray q, NDArray k, NDArray v, double dropout) {
        return Kernels.causalAttention(q, k, v, dropout, Integer.MAX_VALUE);
    }

    private static void assertRefused(
            String message, NDArray q, NDArray k, NDArray v, double dropout) {
        IllegalArgumentException error =
                assertThrows(
                        IllegalArgumentException.class, () -> causalAttention(q, k, v, dropout));
        assertTrue(error.getMessage().startsWith(message), error::getMessage);
    }
}
