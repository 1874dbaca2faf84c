package org.djlgpt.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.AdamW;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.Scalar;
import org.djlgpt.text.SeededShuffle;
import org.djlgpt.text.TokenWindows;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Recording;

import java.io.IOException;
import java.util.List;
import java.util.Objects;

/**
 * The pretraining loop: AdamW with warm-up and cosine decay, gradient accumulation, clipping by
 * global norm, and evaluation on held-out windows before the first step, at every {@code
 * evalEvery}-th and at the end.
 *
 * <p>Batches and dropout follow from the seed: the engine's generator is seeded anew at each step,
 * so a step's randomness depends on the seed and its number alone. Run one training in a process at
 * a time: the generator is the whole process's.
 */
public final class Pretraining {

    private final Block model;
    private final NDManager manager;
    private final TokenWindows trainingWindows;
    private final TokenWindows validationWindows;
    private final TrainingConfig config;
    private final List<TrainingListener> listeners;
    private final List<Parameter> parameters;
    private final List<NDArray> weights;
    private final Evaluation evaluation;
    private final SeededShuffle order;

    private double bestLoss = Double.POSITIVE_INFINITY;
    private double lossSum;
    private double seconds;
    private int stepsSinceEvaluation;

    private Pretraining(Builder builder) {
        model = builder.model;
        manager = builder.manager;
        trainingWindows = builder.trainingWindows;
        validationWindows = builder.validationWindows;
        config = builder.config;
        listeners = List.of(builder.listeners);
        parameters =
                model.getParameters().values().stream()
                        .filter(Parameter::requiresGradient)
                        .toList();
        weights = parameters.stream().map(Parameter::getArray).toList();
        evaluation = new Evaluation(model, manager, config.batchSize());
        boolean fillsABatch = trainingWindows.size() >= config.batchSize();
        order = new SeededShuffle(config.batchSize(), config.seed(), fillsABatch);
    }

    /**
     * Starts building a training.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Trains.
     *
     * @return the lowest validation loss, in nats per token
     * @throws IOException if a listener can't write
     * @throws DivergenceException if the loss is no longer finite
     */
    public double run() throws IOException {
        try (AdamW optimizer = optimizer()) {
            evaluate(0);
            for (int step = 0; step < config.steps(); step++) {
                step(step, optimizer);
                if ((step + 1) % config.evalEvery() == 0 || step + 1 == config.steps()) {
                    evaluate(step + 1);
                }
            }
        }
        return bestLoss;
    }

    private AdamW optimizer() {
        return AdamW.builder()
                .optLearningRateTracker(config.schedule())
                .optWeightDecays((float) config.weightDecay())
                .optBeta1(config.beta1())
                .optBeta2(config.beta2())
                .build();
    }

    private void step(int step, AdamW optimizer) throws IOException {
        long begin = System.nanoTime();
        Engine.getInstance().setRandomSeed(config.seed() + step);
        double loss = 0;
        double norm;
        try (NDManager stepManager = manager.newSubManager()) {
            NDList gradients = null;
            for (int i = 0; i < config.gradientAccumulation(); i++) {
                long batch = (long) step * config.gradientAccumulation() + i;
                try (NDManager batchManager = stepManager.newSubManager()) {
                    NDArray part = loss(batch, batchManager);
                    gradients = add(gradients, Gradients.of(part, weights), stepManager);
                    loss += part.getFloat();
                }
            }
            norm = update(step, loss, gradients, optimizer);
        }
        double took = (System.nanoTime() - begin) / 1e9;
        lossSum += loss;
        seconds += took;
        stepsSinceEvaluation++;
        double rate = config.schedule().rate(step);
        StepReport report = new StepReport(step + 1, loss, rate, norm, tokensPerStep() / took);
        for (TrainingListener listener : listeners) {
            listener.onStep(report);
        }
    }

    private NDArray loss(long batchNumber, NDManager batchManager) {
        try (Recording on = Recording.on()) {
            NDList batch = trainingWindows.batch(batchManager, indices(batchNumber));
            Pass pass = new Pass(new ParameterStore(batchManager, false), true);
            NDArray loss = Evaluation.loss(model, batch, pass);
            return loss.mul(Scalar.of(1.0 / config.gradientAccumulation(), loss));
        }
    }

    private static NDList add(NDList sums, NDList gradients, NDManager owner) {
        if (sums == null) {
            gradients.attach(owner);
            return gradients;
        }
        Gradients.add(sums, gradients);
        return sums;
    }

    private long[] indices(long batchNumber) {
        long size = trainingWindows.size();
        long batches = order.batchesPerEpoch(size);
        return order.batch(size, batchNumber / batches, batchNumber % batches);
    }

    private double update(int step, double loss, NDList gradients, AdamW optimizer) {
        double norm = Gradients.norm(gradients);
        if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
            throw new DivergenceException(step + 1, loss, norm, config.learningRate());
        }
        double excess = config.clipNorm() == 0 ? 0 : norm / config.clipNorm();
        optimizer.step(parameters, gradients, Math.max(1, excess));
        return norm;
    }

    private void evaluate(int step) throws IOException {
        long windows = (long) config.evalBatches() * config.batchSize();
        double loss = evaluation.loss(validationWindows, windows);
        boolean best = loss < bestLoss;
        bestLoss = best ? loss : bestLoss;
        EvaluationReport report =
                new EvaluationReport(
                        step,
                        lossSum / stepsSinceEvaluation,
                        loss,
                        best,
                        config.schedule().rate(Math.max(step - 1, 0)),
                        stepsSinceEvaluation * tokensPerStep() / seconds);
        lossSum = 0;
        seconds = 0;
        stepsSinceEvaluation = 0;
        for (TrainingListener listener : listeners) {
            listener.onEvaluation(report);
        }
    }

    private double tokensPerStep() {
        double windows = Math.min(config.batchSize(), trainingWindows.size());
        return windows * config.gradientAccumulation() * trainingWindows.contextLength();
    }

    /** Builds a {@link Pretraining}. */
    public static final class Builder {

        private Block model;
        private NDManager manager;
        private TokenWindows trainingWindows;
        private TokenWindows validationWindows;
        private TrainingConfig config = TrainingConfig.builder().build();
        private TrainingListener[] listeners = {};

        private Builder() {}

        /**
         * Sets what is trained.
         *
         * @param model an initialized block from token ids (B, T) to logits (B, T, V)
         * @return this builder
         */
        public Builder setModel(Block model) {
            this.model = model;
            return this;
        }

        /**
         * Sets where batches are made.
         *
         * @param manager a manager on the device of the model's parameters
         * @return this builder
         */
        public Builder setManager(NDManager manager) {
            this.manager = manager;
            return this;
        }

        /**
         * Sets the data.
         *
         * @param training the windows to train on; the sampling of the data set is not used
         * @param validation the windows held out
         * @return this builder
         */
        public Builder setData(TokenWindows training, TokenWindows validation) {
            this.trainingWindows = training;
            this.validationWindows = validation;
            return this;
        }

        /**
         * Sets how the model is trained.
         *
         * @param config the defaults of {@link TrainingConfig#builder()} by default
         * @return this builder
         */
        public Builder optConfig(TrainingConfig config) {
            this.config = config;
            return this;
        }

        /**
         * Sets who hears of the training.
         *
         * @param listeners called in this order; none by default
         * @return this builder
         */
        public Builder optListeners(TrainingListener... listeners) {
            this.listeners = listeners.clone();
            return this;
        }

        /**
         * Builds the training.
         *
         * @return the training
         * @throws IllegalArgumentException if the model is not initialized
         */
        public Pretraining build() {
            Objects.requireNonNull(model, "setModel is missing");
            Objects.requireNonNull(manager, "setManager is missing");
            Objects.requireNonNull(trainingWindows, "setData is missing");
            Objects.requireNonNull(validationWindows, "setData is missing");
            if (!model.isInitialized()) {
                throw new IllegalArgumentException(
                        "the model is not initialized; call initialize(manager, DataType.FLOAT32,"
                                + " shape) first");
            }
            return new Pretraining(this);
        }
    }
}
