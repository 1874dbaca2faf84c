package org.djlgpt.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;

import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Recording;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * A race of kernels over the weights of some layers. What counts is the time of a token that is
 * written alone, of one in a batch, and of some in a prompt, in sum. The engine's random generator
 * is left alone, so that a seed means the same with a trial and without.
 */
final class KernelTrial {

    private static final int ROUNDS = 5;

    /** What another kernel may take of the time of the usual one to be taken. */
    private static final double MARGIN = 0.9;

    /** Weights that are too many for most processors' own caches. */
    private static final long BYTES = 64_000_000;

    /**
     * Matrices of embeddingDim times hiddenDim that are about as large as the weights of a layer.
     */
    private static final int PER_LAYER = 3;

    /**
     * A product of the race.
     *
     * @param rows how many tokens are computed side by side
     * @param weight how many tokens count in the sum
     * @param share of the matrices
     */
    private record Work(int rows, double weight, double share) {}

    private static final List<Work> WORKS =
            List.of(new Work(1, 1, 1), new Work(8, 1, 1), new Work(128, 4, 0.2));

    private final WeightPrecision precision;
    private final Map<LinearKernel, List<PtNDArray>> weights = new EnumMap<>(LinearKernel.class);
    private final Map<LinearKernel, PtNDArray> scales = new EnumMap<>(LinearKernel.class);
    private final Map<LinearKernel, double[]> least = new EnumMap<>(LinearKernel.class);
    private final NDArray rows; // (128, in)

    private KernelTrial(
            Shape shape,
            int matrices,
            List<LinearKernel> kernels,
            WeightPrecision precision,
            NDManager manager) {
        this.precision = precision;
        rows = numbers(new Shape(128, shape.get(1)), manager);
        NDArray numbers = numbers(shape, manager);
        for (LinearKernel kernel : kernels) {
            Weight weight = precision.matrix(numbers, kernel);
            NDList copies =
                    DecoderKernel.script().callForList("repeat", weight.value(), (long) matrices);
            weights.put(kernel, copies.stream().map(PtNDArray.class::cast).toList());
            scales.put(
                    kernel,
                    (PtNDArray)
                            (weight.scale() == weight.value() ? copies.get(0) : weight.scale()));
        }
    }

    /**
     * Tries the kernels of a precision on a device.
     *
     * @param in the inputs of a layer
     * @param out its outputs
     * @param layers how many a model has
     * @param manager says on which device
     */
    static KernelChoice of(
            int in, int out, int layers, WeightPrecision precision, NDManager manager) {
        List<LinearKernel> kernels = precision.kernels(manager.getDevice());
        long enough = Math.max(1, BYTES / ((long) in * out * precision.bytes()));
        try (Recording off = Recording.off();
                NDManager trial = manager.newSubManager();
                NDScope scope = new NDScope()) {
            int matrices = (int) Math.min((long) PER_LAYER * layers, enough);
            KernelTrial race =
                    new KernelTrial(new Shape(out, in), matrices, kernels, precision, trial);
            return fastest(kernels, race::milliseconds);
        }
    }

    /**
     * Runs candidates in turn, several times, and takes the fastest.
     *
     * @param kernels the candidates, the usual one first
     * @param milliseconds runs a kernel and returns how long that took
     */
    static KernelChoice fastest(
            List<LinearKernel> kernels, ToDoubleFunction<LinearKernel> milliseconds) {
        Map<LinearKernel, Double> least = new LinkedHashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (LinearKernel kernel : kernels) {
                least.merge(kernel, milliseconds.applyAsDouble(kernel), Math::min);
            }
        }
        LinearKernel usual = kernels.get(0);
        LinearKernel best = usual;
        for (LinearKernel kernel : kernels) {
            boolean faster = least.get(kernel) < least.get(best);
            if (faster && least.get(kernel) <= MARGIN * least.get(usual)) {
                best = kernel;
            }
        }
        String times =
                least.entrySet().stream()
                        .map(e -> "%s %.3f".formatted(KernelChoice.name(e.getKey()), e.getValue()))
                        .collect(Collectors.joining(", "));
        return new KernelChoice(best, "ms a matrix (1 token, 1 of 8, 4 of a prompt): " + times);
    }

    /** Numbers from -1 to 1, all over the range. */
    private static NDArray numbers(Shape shape, NDManager manager) {
        return manager.arange((float) shape.size()).sin().reshape(shape);
    }

    /** The time of a matrix, the least of each work until now. */
    private double milliseconds(LinearKernel kernel) {
        double[] times = least.computeIfAbsent(kernel, k -> infinite());
        double sum = 0;
        for (int i = 0; i < times.length; i++) {
            Work work = WORKS.get(i);
            times[i] = Math.min(times[i], work.weight() * milliseconds(kernel, work));
            sum += times[i];
        }
        return sum;
    }

    private static double[] infinite() {
        double[] times = new double[WORKS.size()];
        Arrays.fill(times, Double.POSITIVE_INFINITY);
        return times;
    }

    /** The time of a matrix for a token. */
    private double milliseconds(LinearKernel kernel, Work work) {
        List<PtNDArray> all = weights.get(kernel);
        int count = (int) Math.ceil(work.share() * all.size());
        NDArray x = precision.computesIn(kernel).from(rows.get("0:" + work.rows()));
        long start = System.nanoTime();
        DecoderKernel.script()
                .call("multiply", x, all.subList(0, count), scales.get(kernel))
                .close();
        ComputeDevice.await(x.getManager());
        return (System.nanoTime() - start) / 1e6 / count / work.rows();
    }
}
