package org.djlgpt.torch;

import static org.djlgpt.torch.Autograd.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.testing.Waits;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.util.Set;

/**
 * Losses as a GPU computes them, without a look at the targets, on any device: they are those of
 * who looks, which the other tests hold to formulas.
 */
class UnseenTargetsTest {

    private NDManager manager;
    private NDArray hidden; // (5, 8)
    private NDArray weight; // (11, 8)

    /** The functions with and without a look, of the logits hidden weight^T. */
    enum Loss {
        LOGITS {
            @Override
            NDArray of(NDArray hidden, NDArray weight, NDArray targets, boolean look) {
                NDArray logits = hidden.matMul(weight.transpose());
                return TorchScript.kernels().call("cross_entropy", logits, targets, look);
            }
        },
        PROJECTION {
            @Override
            NDArray of(NDArray hidden, NDArray weight, NDArray targets, boolean look) {
                return TorchScript.kernels()
                        .call("linear_cross_entropy", hidden, weight, targets, look);
            }
        },
        LOG_PROBABILITIES {
            @Override
            NDArray of(NDArray hidden, NDArray weight, NDArray targets, boolean look) {
                return TorchScript.kernels()
                        .call("linear_log_probabilities", hidden, weight, targets, look)
                        .sum();
            }
        };

        abstract NDArray of(NDArray hidden, NDArray weight, NDArray targets, boolean look);
    }

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        Engine.getInstance().setRandomSeed(123);
        hidden = manager.randomNormal(new Shape(5, 8));
        weight = manager.randomNormal(new Shape(11, 8));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private NDArray targets(long... ids) {
        return manager.create(ids);
    }

    private NDList run(Loss loss, NDArray targets, boolean look) {
        return Autograd.run(x -> loss.of(x[0], x[1], targets, look), hidden, weight);
    }

    private NDList runFrozen(Loss loss, NDArray targets, boolean look) {
        return Autograd.run(x -> loss.of(x[0], weight, targets, look), hidden);
    }

    @ParameterizedTest
    @EnumSource
    void lossAndGradientsAreThoseOfWhoLooks(Loss loss) {
        for (NDArray targets :
                new NDArray[] {targets(3, 0, 10, 7, 7), targets(3, -100, 10, -100, 0)}) {
            NDList expected = run(loss, targets, true);
            NDList actual = run(loss, targets, false);
            NDList frozen = runFrozen(loss, targets, false);
            for (int i = 0; i < expected.size(); i++) {
                assertClose(expected.get(i), actual.get(i), 1e-6);
            }
            for (int i = 0; i < frozen.size(); i++) {
                assertClose(expected.get(i), frozen.get(i), 1e-6);
            }
            assertClose(expected.get(0), loss.of(hidden, weight, targets, false), 1e-6);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNoWordMakesTheLossNaN(Loss loss) {
        for (long unknown : new long[] {11, -1, -99, -101, Long.MAX_VALUE}) {
            NDArray targets = targets(3, unknown, 10, 7, -100);
            assertTrue(Float.isNaN(run(loss, targets, false).get(0).getFloat()));
            assertTrue(Float.isNaN(loss.of(hidden, weight, targets, false).getFloat()));
        }
    }

    @Test
    void aMeanOfNothingIsNaN() {
        NDArray nothing = targets(-100, -100, -100, -100, -100);
        assertTrue(Float.isNaN(run(Loss.LOGITS, nothing, false).get(0).getFloat()));
        assertTrue(Float.isNaN(run(Loss.PROJECTION, nothing, false).get(0).getFloat()));
        assertEquals(0, run(Loss.LOG_PROBABILITIES, nothing, false).get(0).getFloat());
    }

    /** A word that is ruled out, minus infinity times zero, must not spoil the loss of others. */
    @Test
    void logitsOfMinusInfinityAreLeftOut() {
        float never = Float.NEGATIVE_INFINITY;
        NDArray logits = manager.create(new float[] {never, 1, 2, never, 0, 0}, new Shape(2, 3));
        NDArray targets = targets(1, -100);

        NDList found =
                Autograd.run(
                        x -> TorchScript.kernels().call("cross_entropy", x[0], targets, false),
                        logits);

        assertEquals(Math.log(1 + Math.E), found.get(0).getFloat(), 1e-6);
        float p = (float) (1 / (1 + Math.E));
        assertArrayEquals(
                new float[] {0, p - 1, 1 - p, 0, 0, 0}, found.get(1).toFloatArray(), 1e-6f);
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsAskedOfTheDevice(Loss loss) throws IOException {
        NDArray targets = targets(3, -100, 10, -100, 0);
        run(loss, targets, false);

        assertEquals(Set.of(), Waits.in(() -> run(loss, targets, false)));
        assertFalse(Waits.in(() -> run(loss, targets, true)).isEmpty(), "who looks, waits");
    }

    @Test
    void aRowThatATableDoesNotHaveIsNaN() throws IOException {
        NDArray ids = targets(10, 11, -1, 0);

        NDArray rows = Kernels.embedding(ids, weight);

        assertEquals(weight.get(10), rows.get(0));
        assertTrue(rows.get("1:3").isNaN().all().getBoolean());
        assertEquals(weight.get(0), rows.get(3));
        assertEquals(Set.of(), Waits.in(() -> Kernels.embedding(ids, weight)));
    }

    @Test
    void aGuardDecidesWhereTheNumbersAre() throws IOException {
        NDArray loss = manager.create(2f);
        NDArray norm = manager.create(8f);
        NDArray infinite = manager.create(Float.POSITIVE_INFINITY);

        assertGuard(4, 0, UpdateGuard.of(new NDList(loss), norm, 2));
        assertGuard(1, 0, UpdateGuard.of(new NDList(loss), norm, 16));
        assertGuard(1, 0, UpdateGuard.of(new NDList(loss), norm, 0));
        assertGuard(1, 1, UpdateGuard.of(new NDList(loss, infinite), norm, 0));
        assertGuard(1, 1, UpdateGuard.of(new NDList(loss), infinite, 0));
        assertEquals(Set.of(), Waits.in(() -> UpdateGuard.of(new NDList(loss), norm, 2)));
    }

    private static void assertGuard(float divisor, float skipped, UpdateGuard guard) {
        assertEquals(divisor, guard.divisor().getFloat());
        assertEquals(skipped, guard.skipped().getFloat());
    }
}
