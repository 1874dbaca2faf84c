package org.djlgpt.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.training.GradientCollector;

import org.djlgpt.torch.Recording;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The gradients that autograd gives against central differences, in float64.
 *
 * <p>Each variable is moved along a few random directions instead of along each of its elements: a
 * wrong element shows in every direction, and a model needs dozens of passes, not thousands.
 */
public final class FiniteDifferences {

    private static final int DIRECTIONS = 4;
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-6;
    private static final double NEGLIGIBLE = 1e-3;

    private FiniteDifferences() {}

    /**
     * Fails unless the gradients of a random mix of a block's outputs agree, those by each of its
     * parameters and, if it is floating point, by its input.
     */
    public static void assertGradients(Block block, NDArray x, RandomArrays arrays) {
        Map<String, NDArray> variables = new LinkedHashMap<>();
        if (x.getDataType().isFloating()) {
            variables.put("input", x);
        }
        block.getParameters()
                .forEach(pair -> variables.put(pair.getKey(), pair.getValue().getArray()));
        NDArray mix = arrays.normal(DataType.FLOAT64, Blocks.infer(block, x).getShape());
        assertGradients(() -> Blocks.train(block, x).mul(mix).sum(), variables);
    }

    /** Fails unless the gradients of a scalar agree, those by each of the variables. */
    public static void assertGradients(Supplier<NDArray> scalar, Map<String, NDArray> variables) {
        variables.values().forEach(variable -> variable.setRequiresGradient(true));
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            collector.backward(scalar.get());
        }
        double steepest = 0;
        for (Map.Entry<String, NDArray> entry : variables.entrySet()) {
            NDArray variable = entry.getValue();
            assertEquals(DataType.FLOAT64, variable.getDataType(), entry.getKey());
            double[] gradient = variable.getGradient().toDoubleArray();
            double norm = Math.sqrt(dot(gradient, gradient));
            Random random = new Random(variables.size());
            for (int i = 0; i < DIRECTIONS; i++) {
                double[] direction = random.doubles(gradient.length, -1, 1).toArray();
                double expected = slope(scalar, variable, direction);
                double tolerance = TOLERANCE * Math.max(norm, NEGLIGIBLE);
                assertEquals(expected, dot(gradient, direction), tolerance, entry.getKey());
                steepest = Math.max(steepest, Math.abs(expected));
            }
        }
        assertTrue(steepest > NEGLIGIBLE, "nothing depends on any variable");
    }

    private static double slope(Supplier<NDArray> scalar, NDArray variable, double[] direction) {
        double[] start = variable.toDoubleArray();
        double above = value(scalar, variable, moved(start, STEP, direction));
        double below = value(scalar, variable, moved(start, -STEP, direction));
        value(scalar, variable, start);
        return (above - below) / (2 * STEP);
    }

    private static double[] moved(double[] start, double step, double[] direction) {
        double[] at = new double[start.length];
        Arrays.setAll(at, i -> start[i] + step * direction[i]);
        return at;
    }

    private static double dot(double[] a, double[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    }

    private static double value(Supplier<NDArray> scalar, NDArray variable, double[] at) {
        NDManager manager = variable.getManager();
        try (Recording off = Recording.off();
                NDScope scope = new NDScope()) {
            Blocks.set(variable, manager.create(at, variable.getShape()));
            return scalar.get().getDouble();
        }
    }
}
