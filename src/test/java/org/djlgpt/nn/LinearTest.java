package org.djlgpt.nn;

import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;

import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.PlainOperators;
import org.djlgpt.torch.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Layers side by side are what each is by itself. */
class LinearTest {

    private static final int IN = 6;

    /** bfloat16 keeps 8 bits, and sums are rounded once more. */
    private static final double ROUNDING = 1.0 / 64;

    private NDManager manager;
    private RandomArrays arrays;
    private NDArray x;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        arrays = new RandomArrays(manager, 3);
        x = arrays.normal(2, 5, IN);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private Linear random(Linear layer) {
        initialized(layer, manager, new Shape(1, IN));
        Blocks.randomize(layer, arrays);
        return layer;
    }

    private static Linear plain(int outputs, boolean bias) {
        return Linear.builder().setInputDim(IN).setOutputDim(outputs).optBias(bias).build();
    }

    private static Linear adapted(int outputs, boolean bias) {
        return new LoraLinear(plain(outputs, bias), LoraConfig.builder().setRank(2).build());
    }

    private Pass pass() {
        return new Pass(new ParameterStore(manager, false), true);
    }

    private NDList oneByOne(Linear... layers) {
        NDList outputs = new NDList();
        Stream.of(layers).forEach(layer -> outputs.add(pass().through(x, layer)));
        return outputs;
    }

    /** A loss, and its gradients for the weights that learn. */
    private NDList learn(Supplier<NDList> outputs, Linear... layers) {
        List<NDArray> weights =
                Stream.of(layers)
                        .flatMap(layer -> layer.getParameters().values().stream())
                        .filter(parameter -> parameter.requiresGradient())
                        .map(parameter -> parameter.getArray())
                        .toList();
        weights.forEach(weight -> weight.setRequiresGradient(true));
        try (Recording on = Recording.on()) {
            NDList wide = new NDList();
            outputs.get().forEach(output -> wide.add(BFloat16.widen(output)));
            NDArray loss = NDArrays.concat(wide, -1).square().mean();
            NDList found = new NDList(loss);
            found.addAll(Gradients.of(loss, weights));
            return found;
        }
    }

    private static void assertClose(NDList expected, NDList actual, double tolerance) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            NDArray wanted = expected.get(i);
            assertEquals(wanted.getShape(), actual.get(i).getShape());
            double size = wanted.abs().max().getFloat();
            double error = wanted.sub(actual.get(i)).abs().max().getFloat();
            assertTrue(error <= tolerance * size, i + ": " + error + " of " + size);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sideBySideLayersLearnAsEachByItself(boolean bias) {
        Linear frozen = random(plain(3, bias));
        frozen.freezeParameters(true);
        Linear[] layers = {
            random(plain(4, bias)), random(adapted(2, bias)), frozen, random(plain(4, bias))
        };
        NDList expected = learn(() -> oneByOne(layers), layers);

        assertClose(expected, learn(() -> Linear.sideBySide(x, pass(), layers), layers), 1e-5);
        try (PlainOperators plain = new PlainOperators()) {
            assertClose(expected, learn(() -> Linear.sideBySide(x, pass(), layers), layers), 1e-5);
        }
        try (Autocast scope = Autocast.bfloat16()) {
            NDList narrow = learn(() -> Linear.sideBySide(x, pass(), layers), layers);
            assertClose(expected, narrow, 4 * ROUNDING);
            assertClose(learn(() -> oneByOne(layers), layers), narrow, ROUNDING);
        }
    }

    @Test
    void layersOfWhichSomeHaveABiasAreRefused() {
        Linear with = random(plain(4, true));
        Linear without = random(plain(4, false));
        assertRefused(
                () -> Linear.sideBySide(x, pass(), without, with),
                "1 of 2 layers side by side have a bias");
    }

    @Test
    void numbersThatBfloat16IsNotMadeOfAreRefusedByName() {
        Linear wide = plain(4, true);
        wide.initialize(manager, DataType.FLOAT64, new Shape(1, IN));
        NDArray numbers = x.toType(DataType.FLOAT64, false);
        try (Autocast scope = Autocast.bfloat16()) {
            assertRefused(() -> pass().through(numbers, wide), "linear: ");
            assertRefused(() -> Linear.sideBySide(numbers, pass(), wide, wide), "linear: ");
        }
    }
}
