package org.djlgpt.nn;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Blocks.train;
import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import org.djlgpt.nn.Layers.Role;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.FiniteDifferences;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.PlainOperators;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.EnumSet;
import java.util.Set;

class LoraLinearTest {

    private static final int IN = 6;
    private static final int OUT = 4;

    private NDManager manager;
    private RandomArrays arrays;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        arrays = new RandomArrays(manager, 7);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private static LoraLinear layer(LoraConfig.Builder config) {
        return new LoraLinear(
                Linear.builder().setInputDim(IN).setOutputDim(OUT).build(), config.build());
    }

    private static LoraConfig.Builder rank(int rank) {
        return LoraConfig.builder().setRank(rank).optAlpha(6);
    }

    private LoraLinear random(LoraConfig.Builder config) {
        LoraLinear layer = initialized(layer(config), manager, new Shape(1, IN));
        Blocks.randomize(layer, arrays);
        return layer;
    }

    @ParameterizedTest
    @CsvSource({"1, false, 6", "2, false, 3", "4, false, 1.5", "4, true, 3"})
    void addsTheScaledProductOfLowRank(int rank, boolean stabilised, double scale) {
        LoraLinear layer = random(rank(rank).optRankStabilised(stabilised));
        NDArray x = arrays.normal(2, 3, IN);

        NDArray w = layer.weight().getArray();
        NDArray low = layer.loraB().getArray().matMul(layer.loraA().getArray()); // (OUT, IN)
        NDArray expected = x.matMul(w.add(low.mul(scale)).transpose()).add(layer.bias().getArray());
        assertClose(expected, infer(layer, x));
        try (PlainOperators plain = new PlainOperators()) {
            assertClose(expected, infer(layer, x));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void anyRankOfInputIsTaken(int dimensions) {
        LoraLinear layer = random(rank(2));
        NDArray x = arrays.normal(2, 3, IN);
        NDArray part = dimensions == 1 ? x.get(0).get(0) : dimensions == 2 ? x.get(0) : x;
        NDArray all = infer(layer, x);
        NDArray expected = dimensions == 1 ? all.get(0).get(0) : dimensions == 2 ? all.get(0) : all;

        assertClose(expected, infer(layer, part));
    }

    @Test
    void startsAsTheOtherLayerToTheBit() {
        Linear base = Linear.builder().setInputDim(IN).setOutputDim(OUT).build();
        initialized(base, manager, new Shape(1, IN));
        LoraLinear layer = new LoraLinear(base, rank(3).build());
        layer.initialize(manager, DataType.FLOAT32, new Shape(1, IN));
        NDArray x = arrays.normal(5, IN);

        assertEquals(infer(base, x), infer(layer, x));
        assertEquals(base.weight(), layer.weight());
    }

    @Test
    void isDrawnAsPeftDrawsIt() {
        LoraLinear layer =
                initialized(
                        new LoraLinear(
                                Linear.builder().setInputDim(400).setOutputDim(300).build(),
                                LoraConfig.builder().setRank(200).build()),
                        manager,
                        new Shape(1, 400));

        float bound = 1 / 20f; // kaiming_uniform_ with a = sqrt(5): 1 / sqrt(fan in)
        NDArray a = layer.loraA().getArray();
        assertEquals(bound, a.abs().max().getFloat(), 1e-4 * bound);
        assertEquals(bound / Math.sqrt(3), a.square().mean().sqrt().getFloat(), 0.01 * bound);
        assertFalse(layer.loraB().getArray().any().getBoolean());
    }

    @Test
    void onlyTheAdapterLearns() {
        LoraLinear layer = layer(rank(2));

        assertEquals(
                Set.of(layer.loraA(), layer.loraB()),
                Set.copyOf(
                        layer.getParameters().values().stream()
                                .filter(Parameter::requiresGradient)
                                .toList()));
    }

    @Test
    void gradientsAreThoseOfFiniteDifferences() {
        LoraLinear layer = layer(rank(3).optRankStabilised(true));
        initialized(layer, manager, DataType.FLOAT64, new Shape(2, IN));
        Blocks.randomize(layer, arrays);

        NDArray x = arrays.normal(DataType.FLOAT64, new Shape(2, 3, IN));
        FiniteDifferences.assertGradients(layer, x, arrays);
    }

    @Test
    void mergedItIsAPlainLayer() {
        LoraLinear layer = random(rank(3));
        Linear plain = Linear.builder().setInputDim(IN).setOutputDim(OUT).build();
        initialized(plain, manager, new Shape(1, IN));
        Blocks.set(plain.weight().getArray(), layer.mergedWeight(manager));
        Blocks.set(plain.bias().getArray(), layer.bias().getArray());
        NDArray x = arrays.normal(7, IN);

        assertClose(infer(layer, x), infer(plain, x));
    }

    @Test
    void dropoutMeetsTheAdapterOnly() {
        LoraLinear layer = random(rank(3).optDropout(0.5f));
        NDArray x = arrays.normal(3, IN);
        NDArray whole = infer(layer, x);

        assertEquals(whole, infer(layer, x));
        assertNotEquals(whole, train(layer, x));
        Blocks.set(layer.loraB().getArray(), manager.zeros(new Shape(OUT, 3)));
        assertEquals(infer(layer, x), train(layer, x));
    }

    @Test
    void otherLayersOfTheModelAreFrozen() {
        Layers layers =
                Layers.lora(Layers.pytorch(), rank(2).optTargets(EnumSet.of(Role.GATE)).build());

        assertTrue(layers.linear(Role.GATE, IN, OUT, true) instanceof LoraLinear);
        Linear query = layers.linear(Role.QUERY, IN, OUT, true);
        assertFalse(query instanceof LoraLinear);
        assertFalse(query.weight().requiresGradient() || query.bias().requiresGradient());
        assertFalse(layers.embedding(3, 2).weight().requiresGradient());
    }

    @Test
    void wrongNumbersAreRefusedByName() {
        assertRefused(() -> rank(0).build(), "loraRank=0");
        assertRefused(() -> LoraConfig.builder().build(), "loraRank=0");
        assertRefused(() -> rank(4).optAlpha(0).build(), "loraAlpha=0.0", "use 8");
        assertRefused(() -> rank(4).optAlpha(Double.NaN).build(), "loraAlpha=NaN");
        assertRefused(
                () -> rank(4).optAlpha(Double.POSITIVE_INFINITY).build(), "loraAlpha=Infinity");
        assertRefused(() -> rank(4).optDropout(1).build(), "loraDropout=1.0");
        assertRefused(() -> rank(4).optTargets(Set.of()).build(), "loraTargets=[]");
        assertRefused(() -> rank(4).optTargets(Set.of(Role.HEAD)).build(), "loraTargets=[HEAD]");
        assertRefused(() -> layer(rank(5)), "loraRank=5 must be at most 4", "from 6 to 4; use 4");
    }

    private static void assertClose(NDArray expected, NDArray actual) {
        assertEquals(expected.getShape(), actual.getShape());
        float[] wanted = expected.toFloatArray();
        float[] found = actual.toFloatArray();
        for (int i = 0; i < wanted.length; i++) {
            assertEquals(wanted[i], found[i], 1e-5f + 1e-6f * Math.abs(wanted[i]));
        }
    }
}
