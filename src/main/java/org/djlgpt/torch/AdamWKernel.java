package org.djlgpt.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;

import java.util.ArrayList;
import java.util.List;

/**
 * AdamW over many parameters in one pass over memory, by PyTorch's formula (<a
 * href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter 2019</a>, algorithm 2, with the
 * decay multiplied by the learning rate).
 *
 * @param beta1 the decay of the running mean of gradients, in [0, 1)
 * @param beta2 the decay of the running mean of squared gradients, in [0, 1)
 * @param epsilon what is added to the root of the second mean, at least 0
 */
public record AdamWKernel(double beta1, double beta2, double epsilon) {

    /**
     * A parameter with what one step needs; all float32, of one shape and device.
     *
     * @param parameter the parameter, changed by a step
     * @param gradient its gradient; a step with a guard divides it in place
     * @param mean the running mean of its gradients, zeros at first, changed by a step
     * @param variance the running mean of their squares, zeros at first, changed by a step
     */
    public record Slot(NDArray parameter, NDArray gradient, NDArray mean, NDArray variance) {}

    /**
     * Checks the coefficients.
     *
     * @param beta1 the decay of the running mean of gradients
     * @param beta2 the decay of the running mean of squared gradients
     * @param epsilon what is added to the root of the second mean
     * @throws IllegalArgumentException if one is out of its range
     */
    public AdamWKernel {
        requireIn(beta1 >= 0 && beta1 < 1, "beta1", beta1, "in [0, 1)");
        requireIn(beta2 >= 0 && beta2 < 1, "beta2", beta2, "in [0, 1)");
        requireIn(epsilon >= 0 && epsilon < 1, "epsilon", epsilon, "in [0, 1)");
    }

    /**
     * Changes parameters by one step. The parameters may require gradients; nothing is recorded.
     *
     * @param slots the parameters that share a learning rate and a weight decay, at least one
     * @param step the number of this step, from 1
     * @param learningRate the learning rate
     * @param weightDecay the share of each parameter, times the learning rate, that is taken off it
     * @throws IllegalArgumentException if an argument is out of range, or an array has the wrong
     *     engine, type, shape or device
     */
    public void step(List<Slot> slots, long step, double learningRate, double weightDecay) {
        step(slots, step, learningRate, weightDecay, List.of());
    }

    /**
     * Changes parameters as {@link #step(List, long, double, double)}, unless a guard, whose word
     * the host does not wait for, leaves everything as it is.
     *
     * @param slots the parameters that share a learning rate and a weight decay, at least one
     * @param step the number of this step, from 1
     * @param learningRate the learning rate
     * @param weightDecay the share of each parameter, times the learning rate, that is taken off it
     * @param guard divides the gradients first, in place, or skips the step
     * @throws IllegalArgumentException as {@link #step(List, long, double, double)}
     */
    public void step(
            List<Slot> slots,
            long step,
            double learningRate,
            double weightDecay,
            UpdateGuard guard) {
        step(
                slots,
                step,
                learningRate,
                weightDecay,
                List.of(
                        argument("divisor", guard.divisor()).type(DataType.FLOAT32).shape().array(),
                        argument("skipped", guard.skipped())
                                .type(DataType.FLOAT32)
                                .shape()
                                .array()));
    }

    private void step(
            List<Slot> slots,
            long step,
            double learningRate,
            double weightDecay,
            List<PtNDArray> guards) {
        requireIn(step >= 1, "step", step, "at least 1; count steps from 1");
        requireIn(learningRate >= 0, "learningRate", learningRate, "at least 0");
        requireIn(weightDecay >= 0, "weightDecay", weightDecay, "at least 0");
        requireIn(!slots.isEmpty(), "slots.size()", 0, "at least 1");
        List<PtNDArray> parameters = new ArrayList<>(slots.size());
        List<PtNDArray> gradients = new ArrayList<>(slots.size());
        List<PtNDArray> means = new ArrayList<>(slots.size());
        List<PtNDArray> variances = new ArrayList<>(slots.size());
        for (Slot slot : slots) {
            Argument parameter = argument("parameter", slot.parameter()).type(DataType.FLOAT32);
            parameters.add(parameter.array());
            gradients.add(argument("gradient", slot.gradient()).sameAs(parameter).array());
            means.add(argument("mean", slot.mean()).sameAs(parameter).array());
            variances.add(argument("variance", slot.variance()).sameAs(parameter).array());
        }
        TorchScript.kernels()
                .execute(
                        "adamw",
                        parameters,
                        gradients,
                        means,
                        variances,
                        step,
                        learningRate,
                        beta1,
                        beta2,
                        epsilon,
                        weightDecay,
                        guards);
    }

    private static Argument argument(String name, NDArray array) {
        return Argument.of("AdamWKernel.step", name, array);
    }

    private static void requireIn(boolean condition, String name, Object value, String range) {
        if (!condition) {
            throw new IllegalArgumentException(
                    "AdamWKernel: %s is %s, but must be %s".formatted(name, value, range));
        }
    }
}
