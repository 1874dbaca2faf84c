package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.nn.Parameter;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.ParameterTracker;
import ai.djl.training.tracker.Tracker;

import org.djlgpt.torch.AdamWKernel;
import org.djlgpt.torch.AdamWKernel.Slot;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Kernels;
import org.djlgpt.torch.Recording;
import org.djlgpt.torch.UpdateGuard;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Adam with decoupled weight decay, in PyTorch's formula (Loshchilov and Hutter, "Decoupled Weight
 * Decay Regularization", 2019, algorithm 2; <a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html">torch.optim.AdamW</a>):
 *
 * <pre>
 * w = w - rate * decay * w
 * m = beta1 * m + (1 - beta1) * g
 * v = beta2 * v + (1 - beta2) * g²
 * w = w - rate * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
 * </pre>
 *
 * <p>Only parameters with two dimensions or more decay: matrices and embeddings, but neither biases
 * nor norms. DJL's own decays all and puts epsilon elsewhere. It works with DJL's {@code Trainer}.
 * A parameter's moments live in its weight's manager, until {@link #close()}.
 */
public final class FusedAdamW extends Optimizer implements AutoCloseable {

    private final ParameterTracker learningRate;
    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final AdamWKernel kernel;
    private final Map<String, AdamMoments> moments = new ConcurrentHashMap<>();

    private FusedAdamW(Builder builder) {
        super(builder);
        learningRate = builder.learningRate;
        beta1 = builder.beta1;
        beta2 = builder.beta2;
        epsilon = builder.epsilon;
        kernel = new AdamWKernel(beta1, beta2, epsilon);
    }

    /**
     * Starts building an optimizer.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public void update(String parameterId, NDArray weight, NDArray gradient) {
        AdamMoments moment = moments(parameterId, weight);
        int t = moment.updates() + 1;
        double rate = learningRate.getNewValue(parameterId, t);
        try (Recording off = Recording.off();
                NDScope scope = new NDScope()) {
            NDArray scaled = rescaleGrad == 1 ? gradient : gradient.mul(rescaleGrad);
            NDArray g = clipGrad > 0 ? scaled.clip(-clipGrad, clipGrad) : scaled;
            if (Kernels.supports(weight)) {
                Slot slot = new Slot(weight, g, moment.mean(), moment.square());
                kernel.step(List.of(slot), t, rate, decays(weight) ? getWeightDecay() : 0);
            } else {
                formula(weight, g, moment, t, rate);
            }
            moment.countUpdate();
            clearGradient(weight);
        }
    }

    /** As DJL's own optimizers do: a trainer's next backward pass adds to what it finds. */
    private static void clearGradient(NDArray weight) {
        if (!weight.hasGradient()) {
            return;
        }
        NDArray sum = weight.getGradient();
        if (Kernels.supports(sum)) {
            Gradients.zero(List.of(sum));
        } else {
            sum.set(new NDIndex("..."), 0);
        }
    }

    private void formula(NDArray weight, NDArray g, AdamMoments moment, int t, double rate) {
        if (decays(weight)) {
            weight.muli(1 - rate * getWeightDecay());
        }
        moment.mean().muli(beta1).addi(g.mul(1 - beta1));
        moment.square().muli(beta2).addi(g.square().muli(1 - beta2));
        NDArray denominator = moment.square().div(1 - Math.pow(beta2, t)).sqrt().addi(epsilon);
        weight.subi(moment.mean().div(denominator).muli(rate / (1 - Math.pow(beta1, t))));
    }

    /**
     * Updates many parameters in one pass over memory; for a training loop of its own. Neither
     * {@code rescaleGrad} nor {@code clipGrad} is applied.
     *
     * @param parameters initialized float32 parameters of the PyTorch engine
     * @param gradients a gradient for each
     * @throws IllegalArgumentException if there are not as many gradients as parameters, or an
     *     array has the wrong engine, type, shape or device
     */
    public void step(List<Parameter> parameters, NDList gradients) {
        groups(parameters, gradients)
                .forEach((g, slots) -> kernel.step(slots, g.update, g.rate, g.decay));
        countUpdate(parameters);
    }

    /**
     * Updates many parameters as {@link #step(List, NDList)}, unless a guard, whose word the host
     * does not wait for, leaves them as they are. Call {@link #countUpdate} once it is known that
     * it did not.
     *
     * @param parameters initialized float32 parameters of the PyTorch engine
     * @param gradients a gradient for each, which is divided in place
     * @param guard divides the gradients, or skips the update
     * @throws IllegalArgumentException if there are not as many gradients as parameters, or an
     *     array has the wrong engine, type, shape or device
     */
    public void step(List<Parameter> parameters, NDList gradients, UpdateGuard guard) {
        groups(parameters, gradients)
                .forEach((g, slots) -> kernel.step(slots, g.update, g.rate, g.decay, guard));
    }

    /**
     * Counts an update that a guard did not skip.
     *
     * @param parameters those that were updated
     */
    public void countUpdate(List<Parameter> parameters) {
        parameters.forEach(parameter -> moments(parameter).countUpdate());
    }

    private Map<Group, List<Slot>> groups(List<Parameter> parameters, NDList gradients) {
        if (parameters.size() != gradients.size()) {
            throw new IllegalArgumentException(
                    "%d gradients do not match %d parameters; give one for each"
                            .formatted(gradients.size(), parameters.size()));
        }
        Map<Group, List<Slot>> groups = new LinkedHashMap<>();
        for (int i = 0; i < parameters.size(); i++) {
            Parameter parameter = parameters.get(i);
            NDArray weight = parameter.getArray();
            AdamMoments moment = moments(parameter);
            groups.computeIfAbsent(group(parameter, moment.updates() + 1), g -> new ArrayList<>())
                    .add(new Slot(weight, gradients.get(i), moment.mean(), moment.square()));
        }
        return groups;
    }

    /** Parameters that share an update's numbers. */
    private record Group(int update, double rate, double decay) {}

    private Group group(Parameter parameter, int update) {
        double rate = learningRate.getNewValue(parameter.getId(), update);
        return new Group(update, rate, decays(parameter.getArray()) ? getWeightDecay() : 0);
    }

    private static boolean decays(NDArray weight) {
        return weight.getShape().dimension() >= 2;
    }

    /**
     * Returns what this optimizer remembers of a parameter, to be saved or restored.
     *
     * @param parameter an initialized float32 parameter
     * @return its moments, zero before the first update; they belong to this optimizer
     * @throws IllegalArgumentException if the parameter has another type
     */
    public AdamMoments moments(Parameter parameter) {
        return moments(parameter.getId(), parameter.getArray());
    }

    private AdamMoments moments(String parameterId, NDArray weight) {
        Checks.requireWeight("FusedAdamW", weight.getDataType());
        return moments.computeIfAbsent(
                parameterId + "@" + weight.getDevice(), key -> new AdamMoments(weight));
    }

    /** Frees the moments; a later update starts afresh. */
    @Override
    public void close() {
        moments.values().forEach(AdamMoments::close);
        moments.clear();
    }

    /** Builds an {@link FusedAdamW}. */
    public static final class Builder extends OptimizerBuilder<Builder> {

        private ParameterTracker learningRate = Tracker.fixed(1e-3f);
        private double beta1 = 0.9;
        private double beta2 = 0.999;
        private double epsilon = 1e-8;

        private Builder() {
            optWeightDecays(0.01f);
        }

        @Override
        protected Builder self() {
            return this;
        }

        /**
         * Sets the learning rate.
         *
         * @param learningRate gives the rate of each update, counted from 1; 0.001 by default
         * @return this builder
         */
        public Builder optLearningRateTracker(ParameterTracker learningRate) {
            this.learningRate = learningRate;
            return this;
        }

        /**
         * Sets the decay of the mean of gradients.
         *
         * @param beta1 in [0, 1), 0.9 by default
         * @return this builder
         */
        public Builder optBeta1(double beta1) {
            this.beta1 = beta1;
            return this;
        }

        /**
         * Sets the decay of the mean of squared gradients.
         *
         * @param beta2 in [0, 1), 0.999 by default
         * @return this builder
         */
        public Builder optBeta2(double beta2) {
            this.beta2 = beta2;
            return this;
        }

        /**
         * Sets what keeps the denominator from zero.
         *
         * @param epsilon positive, 1e-8 by default
         * @return this builder
         */
        public Builder optEpsilon(double epsilon) {
            this.epsilon = epsilon;
            return this;
        }

        /**
         * Builds the optimizer.
         *
         * @return the optimizer
         * @throws IllegalArgumentException if a beta lies outside [0, 1) or epsilon is not positive
         */
        public FusedAdamW build() {
            requireBeta("beta1", beta1);
            requireBeta("beta2", beta2);
            if (!(epsilon > 0)) {
                throw new IllegalArgumentException(
                        "epsilon=%s must be positive; use 1e-8".formatted(epsilon));
            }
            return new FusedAdamW(this);
        }

        private static void requireBeta(String name, double beta) {
            if (!(beta >= 0 && beta < 1)) {
                throw new IllegalArgumentException(
                        "%s=%s must lie in [0, 1)".formatted(name, beta));
            }
        }
    }
}
