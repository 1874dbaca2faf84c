package org.djlgpt.training;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;

import org.djlgpt.data.TrainingSet;
import org.djlgpt.nn.Checks;
import org.djlgpt.nn.IllegalParameterException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The training loop: AdamW with a learning rate that warms up and decays, gradient accumulation,
 * clipping by global norm, and evaluation on held-out windows before the first step, at every
 * {@code evalEvery}-th and at the end. It ends early when the validation loss gets no lower, where
 * the plan has patience.
 *
 * <p>Batches and dropout follow from the seed: the engine's generator is seeded anew at each step,
 * so a step's randomness depends on the seed and its number alone. Run one training in a process at
 * a time: the generator is the whole process's.
 *
 * <p>With {@link Builder#optCheckpoint} a training can be interrupted and go on: on a CPU the steps
 * after {@link #resume} have the losses, to the last bit, that they would have had without the
 * interruption.
 *
 * <pre>{@code
 * TrainingLoop training = TrainingLoop.builder()
 *         .setModel(model).setManager(manager).setData(windows, heldOut)
 *         .optCheckpoint(file)
 *         .build();
 * if (Files.exists(file)) {
 *     training.resume(Checkpoint.read(file));
 * }
 * training.run();
 * }</pre>
 *
 * <p>It belongs to one thread, {@link #stop()} excepted, and while it runs nobody else may train
 * the model or write with it: parameters change in place.
 */
public final class TrainingLoop {

    private final Block model;
    private final NDManager manager;
    private final TrainingSet trainingSet;
    private final TrainingSet validationSet;
    private final TrainingPlan plan;
    private final Listeners listeners;
    private final Path checkpoint;
    private final int checkpointEvery;
    private final Map<String, String> notes;
    private final int badStepsAllowed;
    private final TrainingStep trainingStep;
    private final Evaluation evaluation;

    private TrainingState state = TrainingState.START;
    private String frozen;
    private volatile boolean stopping;

    private TrainingLoop(Builder builder) {
        model = builder.model;
        manager = builder.manager;
        trainingSet = builder.trainingSet;
        validationSet = builder.validationSet;
        plan = builder.plan;
        listeners = new Listeners(List.of(builder.listeners), builder.writeFailures);
        checkpoint = builder.checkpoint;
        checkpointEvery =
                builder.checkpointEvery == null ? plan.evalEvery() : builder.checkpointEvery;
        notes = builder.notes;
        badStepsAllowed = builder.badStepsAllowed;
        Batches batches = Batches.shuffled(trainingSet, plan.batchSize(), plan.seed());
        trainingStep =
                new TrainingStep(model, builder.objective, manager, batches, plan, builder.hook);
        evaluation = new Evaluation(model, builder.objective, manager, plan.batchSize());
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
     * Takes over a checkpoint's parameters, moments and step, so that {@link #run} goes on from
     * there. The model must be built as it was, dropout and frozen parameters included. The
     * configuration must be the checkpoint's except for {@code steps}, {@code evalEvery} and {@code
     * patience}, which change no step still to come; mind that {@code decaySteps} stays what it
     * was.
     *
     * @param checkpoint where to go on; nothing is left to do if it has all steps
     * @throws IllegalArgumentException if the configuration, the data or the model's parameters are
     *     others than the checkpoint's; the message names what differs, and nothing has changed. Or
     *     if another training writes the same checkpoint as this one
     * @throws IOException if the file can't be read, or a listener can't write
     * @throws MalformedModelException if its tensors are damaged, or hold NaN or infinity
     */
    public void resume(Checkpoint checkpoint) throws IOException, MalformedModelException {
        checkpoint.requireSameRun(
                plan, trainingSet.fingerprint(), validationSet.fingerprint(), frozen());
        try (CheckpointLock claim = claimCheckpoint()) {
            checkpoint.restore(trainingStep.tensors(), manager);
            state = checkpoint.state();
            listeners.tell(listener -> listener.onResume(checkpoint.step()));
        }
    }

    /**
     * Asks a training to stop after the step that it is at; it then writes a checkpoint, if it was
     * told where, and {@link #run} returns. Any thread may call this.
     */
    public void stop() {
        stopping = true;
    }

    /**
     * Trains, once.
     *
     * @return the lowest validation loss, in nats per token
     * @throws IOException if a listener or the checkpoint can't be written; the last good
     *     checkpoint is unchanged
     * @throws DivergenceException if a training loss or gradient is not finite and no more bad
     *     steps are allowed, or a validation loss is not finite; the last good checkpoint is
     *     unchanged
     * @throws IllegalStateException if another training of the model runs
     * @throws IllegalArgumentException if another training writes the same checkpoint, in this
     *     process or another
     */
    public double run() throws IOException {
        try (ModelInTraining claim = ModelInTraining.claim(model);
                CheckpointLock files = claimCheckpoint();
                trainingStep) {
            if (!state.isEvaluated()) {
                evaluate();
            }
            while (!state.isDone(plan) && !stopping) {
                step();
                if (isDue(plan.evalEvery())) {
                    evaluate();
                }
                if (isDue(checkpointEvery) || state.isDone(plan) || stopping) {
                    save();
                }
            }
        }
        return state.bestLoss();
    }

    /** Returns null if there is nothing to claim, or it fails and the run goes on all the same. */
    private CheckpointLock claimCheckpoint() throws IOException {
        CheckpointLock[] claim = new CheckpointLock[1];
        if (checkpoint != null && Files.isDirectory(checkpoint.toAbsolutePath().getParent())) {
            listeners.attempt(() -> claim[0] = CheckpointLock.claim(checkpoint));
        }
        return claim[0];
    }

    private boolean isDue(int every) {
        return state.step() % every == 0 || state.step() == plan.steps();
    }

    private void step() throws IOException {
        StepReport report = trainingStep.run(state.step());
        if (Double.isFinite(report.loss()) && Double.isFinite(report.gradientNorm())) {
            state = state.stepped(report);
            listeners.tell(listener -> listener.onStep(report));
        } else if (state.skipped() < badStepsAllowed) {
            state = state.skippedStep();
            listeners.tell(listener -> listener.onSkippedStep(report));
        } else {
            throw DivergenceException.atStep(report, plan.learningRate());
        }
    }

    private void evaluate() throws IOException {
        long windows = (long) plan.evalBatches() * plan.batchSize();
        double loss = requireFinite(evaluation.loss(validationSet, windows));
        EvaluationReport report = state.evaluation(loss, plan);
        state = state.evaluated(loss);
        listeners.tell(listener -> listener.onEvaluation(report));
    }

    /** A model that the last update has spoilt must not replace a good one. */
    private double requireFinite(double validationLoss) {
        if (!Double.isFinite(validationLoss)) {
            throw DivergenceException.after(state.step(), validationLoss, plan.learningRate());
        }
        return validationLoss;
    }

    private void save() throws IOException {
        if (checkpoint == null) {
            return;
        }
        requireFinite(evaluation.loss(validationSet, 1));
        listeners.tell(listener -> listener.beforeCheckpoint(state.step()));
        CheckpointHeader header =
                new CheckpointHeader(
                        state,
                        plan,
                        trainingSet.fingerprint(),
                        validationSet.fingerprint(),
                        frozen(),
                        notes);
        listeners.attempt(() -> Checkpoint.write(checkpoint, header, trainingStep.tensors()));
    }

    /** Returns the fingerprint of what no step changes, made at the first use. */
    private String frozen() {
        if (frozen == null) {
            frozen = trainingStep.frozenFingerprint();
        }
        return frozen;
    }

    /** Builds a {@link TrainingLoop}. */
    public static final class Builder {

        private Block model;
        private NDManager manager;
        private TrainingSet trainingSet;
        private TrainingSet validationSet;
        private TrainingPlan plan = TrainingPlan.builder().build();
        private TrainingLoopListener[] listeners = {};
        private WriteFailureHandler writeFailures =
                failure -> {
                    throw failure;
                };
        private Path checkpoint;
        private Integer checkpointEvery;
        private Map<String, String> notes = Map.of();
        private int badStepsAllowed;
        private StepHook hook = StepHook.NONE;
        private Objective objective = Objective.nextToken();

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
         * @param training what to train on; a sampling of its own is not used
         * @param validation what is held out
         * @return this builder
         */
        public Builder setData(TrainingSet training, TrainingSet validation) {
            this.trainingSet = training;
            this.validationSet = validation;
            return this;
        }

        /**
         * Sets what the training makes smaller.
         *
         * @param objective {@link Objective#nextToken()} by default
         * @return this builder
         */
        public Builder optObjective(Objective objective) {
            this.objective = objective;
            return this;
        }

        /**
         * Sets how the model is trained.
         *
         * @param plan the defaults of {@link TrainingPlan#builder()} by default
         * @return this builder
         */
        public Builder optPlan(TrainingPlan plan) {
            this.plan = plan;
            return this;
        }

        /**
         * Sets who hears of the training.
         *
         * @param listeners called in this order; none by default
         * @return this builder
         */
        public Builder optListeners(TrainingLoopListener... listeners) {
            this.listeners = listeners.clone();
            return this;
        }

        /**
         * Sets where checkpoints go.
         *
         * @param file the file, in a folder that exists; each checkpoint replaces the one before.
         *     While it trains, a second training with the same file is refused (see {@link
         *     CheckpointLock}). There are none by default
         * @return this builder
         */
        public Builder optCheckpoint(Path file) {
            checkpoint = file;
            return this;
        }

        /**
         * Sets how often a checkpoint is written, besides at the end and when the training is asked
         * to stop.
         *
         * @param steps the steps between checkpoints, at least 1; by default those between
         *     evaluations
         * @return this builder
         */
        public Builder optCheckpointEvery(int steps) {
            checkpointEvery = steps;
            return this;
        }

        /**
         * Sets what else a checkpoint should tell whoever goes on from it, such as the sizes of the
         * model.
         *
         * @param notes texts by name; none by default
         * @return this builder
         */
        public Builder optNotes(Map<String, String> notes) {
            this.notes = new LinkedHashMap<>(notes);
            return this;
        }

        /**
         * Sets how many steps of the whole run may have a loss or gradient that is not finite. The
         * update of such a step is not applied, and the run goes on with the next batches.
         *
         * @param badSteps at least 0, 0 by default
         * @return this builder
         */
        public Builder optSkipBadSteps(int badSteps) {
            badStepsAllowed = badSteps;
            return this;
        }

        /**
         * Sets what takes part in each step, as to exchange gradients with other workers.
         *
         * @param hook sees gradients and weights; none by default
         * @return this builder
         */
        public Builder optHook(StepHook hook) {
            this.hook = hook;
            return this;
        }

        /**
         * Sets what happens when a listener or the checkpoint can't be written, as on a full disk.
         *
         * @param handler hears of each failure; by default the training stops with it
         * @return this builder
         */
        public Builder optWriteFailures(WriteFailureHandler handler) {
            writeFailures = handler;
            return this;
        }

        /**
         * Builds the training.
         *
         * @return the training
         * @throws IllegalArgumentException if the model is not initialized or does not know a
         *     window's ids, or a number is out of its range
         */
        public TrainingLoop build() {
            Objects.requireNonNull(model, "setModel is missing");
            Objects.requireNonNull(manager, "setManager is missing");
            Objects.requireNonNull(trainingSet, "setData is missing");
            Objects.requireNonNull(validationSet, "setData is missing");
            if (checkpointEvery != null) {
                Checks.requirePositive("checkpointEvery", checkpointEvery);
            }
            if (badStepsAllowed < 0) {
                throw new IllegalParameterException(
                        "{skipBadSteps}=%d must be at least 0", badStepsAllowed);
            }
            TrainingLoop training = new TrainingLoop(this);
            objective.requireFit(model, trainingSet);
            objective.requireFit(model, validationSet);
            return training;
        }
    }
}
