package org.djlgpt.cli.train;

import org.djlgpt.training.LearningRateSchedule.Decay;
import org.djlgpt.training.TrainingLoop;
import org.djlgpt.training.TrainingPlan;
import org.djlgpt.training.WriteFailureHandler;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

import java.nio.file.Path;
import java.util.Optional;

/** How the model is trained, what happens when that is interrupted, and how it goes on. */
final class TrainingOptions {

    private static final TrainingPlan DEFAULTS = TrainingPlan.builder().build();

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            description =
                    "windows, or examples, texts or pairs, in a forward pass (default:"
                            + " ${DEFAULT-VALUE})")
    private int batchSize = DEFAULTS.batchSize();

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "optimizer steps (default: ${DEFAULT-VALUE})")
    private int steps = DEFAULTS.steps();

    @Option(
            names = "--gradient-accumulation",
            paramLabel = "N",
            description =
                    "forward passes whose gradients make one step (default: ${DEFAULT-VALUE})")
    private int gradientAccumulation = DEFAULTS.gradientAccumulation();

    @Option(
            names = "--workers",
            paramLabel = "N|auto",
            converter = WorkersConverter.class,
            description =
                    "threads that a batch is split over, instead of each operator: faster for small"
                        + " models without dropout. auto takes as many as there are processors if a"
                        + " trial of a second, where 300 batches or more are to come, finds that"
                        + " faster, or else one. Losses repeat for the same number; give one for"
                        + " losses that repeat on any day. With --spark, executors (default: auto;"
                        + " 1 with --spark)")
    private Integer workers; // null if none is said

    @Option(
            names = "--schedule",
            paramLabel = "cosine|linear|constant|wsd",
            description =
                    "how the learning rate falls after its peak; wsd stays there for four fifths of"
                            + " the way (default: cosine)")
    private Decay schedule = DEFAULTS.schedule();

    @Option(
            names = "--learning-rate",
            paramLabel = "RATE",
            description = "peak of the learning rate (default: ${DEFAULT-VALUE})")
    private double learningRate = DEFAULTS.learningRate();

    @Option(
            names = "--min-learning-rate",
            paramLabel = "RATE",
            description = "learning rate at the end (default: a tenth of the peak)")
    private Double minLearningRate;

    @Option(
            names = "--warmup-steps",
            paramLabel = "N",
            description =
                    "steps that the rate rises for (default: 100, or a tenth of the steps if that"
                            + " is less)")
    private Integer warmupSteps;

    @Option(
            names = "--decay-steps",
            paramLabel = "N",
            description =
                    "step at which the rate has fallen; a longer run goes on with the lowest"
                            + " (default: the number of steps)")
    private Integer decaySteps;

    @Option(
            names = "--weight-decay",
            paramLabel = "X",
            description = "decay of matrices and embeddings (default: ${DEFAULT-VALUE})")
    private double weightDecay = DEFAULTS.weightDecay();

    @Option(
            names = "--beta1",
            paramLabel = "X",
            description = "AdamW's decay of the mean of gradients (default: ${DEFAULT-VALUE})")
    private double beta1 = DEFAULTS.beta1();

    @Option(
            names = "--beta2",
            paramLabel = "X",
            description =
                    "AdamW's decay of the mean of squared gradients (default: ${DEFAULT-VALUE})")
    private double beta2 = DEFAULTS.beta2();

    @Option(
            names = "--clip-norm",
            paramLabel = "X",
            description =
                    "greatest global norm of the gradients, 0 for no limit (default:"
                            + " ${DEFAULT-VALUE})")
    private double clipNorm = DEFAULTS.clipNorm();

    @Option(
            names = "--eval-every",
            paramLabel = "N",
            description = "steps between evaluations (default: ${DEFAULT-VALUE})")
    private int evalEvery = DEFAULTS.evalEvery();

    @Option(
            names = "--eval-batches",
            paramLabel = "N",
            description = "batches in an evaluation (default: ${DEFAULT-VALUE})")
    private int evalBatches = DEFAULTS.evalBatches();

    @Option(
            names = "--patience",
            paramLabel = "N",
            description =
                    "end after so many evaluations in a row without a lower validation loss"
                            + " (default: 0, never)")
    private int patience = DEFAULTS.patience();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "what first values, the order of the data, dropout and the sample follow from"
                            + " (default: ${DEFAULT-VALUE})")
    private int seed = DEFAULTS.seed();

    @Option(
            names = "--resume",
            paramLabel = "DIR",
            description =
                    "go on with the run in this folder from its last checkpoint; all other options"
                        + " default to that run's, and only --steps, --eval-every, --patience,"
                        + " --device, --threads, and those from here to --keep-going may differ;"
                        + " data, a tokenizer, a template and the model of --init-from may lie"
                        + " elsewhere")
    private Path resume;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            description =
                    "steps between checkpoints, of three times the size of what is trained"
                            + " (default: as --eval-every)")
    private Integer checkpointEvery;

    @Option(
            names = "--skip-bad-steps",
            paramLabel = "N",
            description =
                    "how many steps may have a loss or gradient that is not finite; their updates"
                            + " are not applied (default: 0)")
    private int skipBadSteps;

    @Option(
            names = "--keep-going",
            description = "train on when nothing can be written, as on a full disk")
    private boolean keepGoing;

    TrainingPlan plan() {
        return plan(triesWorkers() ? 1 : workers);
    }

    /** Returns the same with a number of workers that was found by trial. */
    TrainingPlan plan(int numWorkers) {
        TrainingPlan.Builder builder =
                TrainingPlan.builder()
                        .optSteps(steps)
                        .optBatchSize(batchSize)
                        .optGradientAccumulation(gradientAccumulation)
                        .optSchedule(schedule)
                        .optLearningRate(learningRate)
                        .optWeightDecay(weightDecay)
                        .optBeta1(beta1)
                        .optBeta2(beta2)
                        .optClipNorm(clipNorm)
                        .optEvalEvery(evalEvery)
                        .optEvalBatches(evalBatches)
                        .optPatience(patience)
                        .optSeed(seed)
                        .optWorkers(numWorkers);
        if (minLearningRate != null) {
            builder.optMinLearningRate(minLearningRate);
        }
        if (warmupSteps != null) {
            builder.optWarmupSteps(warmupSteps);
        }
        if (decaySteps != null) {
            builder.optDecaySteps(decaySteps);
        }
        return builder.build();
    }

    /** Returns whether a trial is to find the number of workers. */
    boolean triesWorkers() {
        return workers == null || isAuto();
    }

    /**
     * Refuses a trial that is asked for where there is none.
     *
     * @throws IllegalArgumentException if it is
     */
    void requireNoTrial(String other, String remedy) {
        if (isAuto()) {
            throw new IllegalArgumentException(
                    "--workers auto does not go with %s; %s".formatted(other, remedy));
        }
    }

    private boolean isAuto() {
        return workers != null && workers == WorkersConverter.AUTO;
    }

    /** A number, or a word for one that is found by trial. */
    private static final class WorkersConverter implements ITypeConverter<Integer> {

        static final int AUTO = 0;

        @Override
        public Integer convert(String word) {
            if (word.equalsIgnoreCase("auto")) {
                return AUTO;
            }
            if (!word.matches("[1-9]\\d{0,2}")) {
                throw new TypeConversionException(
                        "'%s' is neither auto nor a number from 1 to 999".formatted(word));
            }
            return Integer.valueOf(word);
        }
    }

    /** Returns a training's builder that knows when to save and what to bear. */
    TrainingLoop.Builder training(WriteFailureHandler unwritten) {
        TrainingLoop.Builder builder = TrainingLoop.builder().optSkipBadSteps(skipBadSteps);
        if (checkpointEvery != null) {
            builder.optCheckpointEvery(checkpointEvery);
        }
        return keepGoing ? builder.optWriteFailures(unwritten) : builder;
    }

    /** Returns the steps between checkpoints; null for those between evaluations. */
    Integer checkpointEvery() {
        return checkpointEvery;
    }

    /** Returns how many steps may be skipped. */
    int skipBadSteps() {
        return skipBadSteps;
    }

    /** Returns what happens when something can't be written. */
    WriteFailureHandler writeFailures(WriteFailureHandler unwritten) {
        return keepGoing
                ? unwritten
                : failure -> {
                    throw failure;
                };
    }

    /** Returns the folder of the run to go on with. */
    Optional<Path> resume() {
        return Optional.ofNullable(resume);
    }
}
