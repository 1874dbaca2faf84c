package org.djlgpt.spark;

import ai.djl.nn.Parameter;

import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.nn.Checks;
import org.djlgpt.nn.IllegalParameterException;
import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.DivergenceException;
import org.djlgpt.training.Evaluation.LossSum;
import org.djlgpt.training.FlatTensors;
import org.djlgpt.training.Listeners;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingLoop;
import org.djlgpt.training.TrainingLoopListener;
import org.djlgpt.training.TrainingPlan;
import org.djlgpt.training.TrainingState;
import org.djlgpt.training.WriteFailureHandler;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/**
 * A {@link TrainingLoop} on a Spark cluster: each worker takes some steps of AdamW on its part of
 * the windows, with moments of its own; then all meet at the {@linkplain OuterStep outer step} from
 * where they began towards the mean of where they arrived (Douillard et al., "DiLoCo: Distributed
 * Low-Communication Training of Language Models", 2023, arXiv 2311.08105).
 *
 * <p>A round is one job: its first stage trains, its second averages, a piece of the parameters at
 * a time. Parameters between rounds lie in a folder that all machines see; the driver holds no more
 * than a piece of them in its heap. With one worker, outer rate 1 and momentum 0, losses and
 * parameters are those of a {@link TrainingLoop} to the bit.
 *
 * <pre>{@code
 * SparkTraining training = SparkTraining.builder()
 *         .setSession(spark).setModel(model)
 *         .setData(TokenFiles.of("hdfs://host/train.bin"), TokenFiles.of("hdfs://host/val.bin"))
 *         .setFolder("hdfs://host/runs/1")
 *         .optWorkers(4).optSyncEvery(100)
 *         .build();
 * training.run(); // the model has the parameters
 * }</pre>
 *
 * <p>What Spark runs again, it runs as it was: a lost executor costs the round at hand. The rank
 * that it had moves to another process and begins with new moments, which {@link
 * WorkerReport#afresh} tells, unless they are stored for this round, as {@link Builder#optRounds
 * keepMoments} has it for all. Every process trains one model at a time, so give each executor one
 * task at a time ({@code spark.task.cpus} = {@code spark.executor.cores}).
 */
public final class SparkTraining {

    private final JavaSparkContext context;
    private final TrainingJob job;
    private final RoundFolder folder;
    private final FlatTensors weights;
    private final Listeners listeners;
    private final RoundListener roundListener;
    private final int checkpointEvery;
    private final Duration patience;
    private final Map<String, String> notes;
    private final Ranks ranks;

    private Round round;
    private Round stored; // the last to go on from; null before
    private String trainingData;
    private String validationData;
    private String frozen;
    private volatile boolean stopping;

    private SparkTraining(Builder builder) throws IOException {
        context = builder.context;
        weights =
                new FlatTensors(
                        builder.model.getParameters().values().stream()
                                .filter(Parameter::requiresGradient)
                                .map(Parameter::getArray)
                                .toList());
        RoundPlan rounds = builder.rounds;
        Pieces pieces =
                builder.pieces == null
                        ? Pieces.of(weights.count(), rounds)
                        : new Pieces(weights.count(), builder.pieces, rounds.fragments());
        job =
                new TrainingJob(
                        UUID.randomUUID().toString(),
                        builder.source == null
                                ? LearnerSource.of(builder.model.config())
                                : builder.source,
                        builder.bfloat16,
                        builder.training,
                        builder.stride,
                        builder.validation,
                        builder.plan,
                        builder.skipBadSteps,
                        rounds,
                        pieces,
                        builder.folder,
                        new SerializableConfiguration(context.hadoopConfiguration()));
        folder = job.roundFolder();
        listeners = new Listeners(List.of(builder.listeners), builder.writeFailures);
        roundListener = builder.roundListener;
        checkpointEvery =
                builder.checkpointEvery == null
                        ? builder.plan.evalEvery()
                        : builder.checkpointEvery;
        patience = builder.patience;
        notes = builder.notes;
        ranks = new Ranks(context, rounds.workers());
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
     * Trains from the beginning. Rounds that lie in the folder are deleted.
     *
     * @return the lowest validation loss, in nats per token
     * @throws IllegalArgumentException if there are fewer executors than workers, or one can't take
     *     part: it lacks the engine, does not see the folder or the data, or an id is none of the
     *     model's. Nothing has changed then
     * @throws IOException if Spark gives up, or a listener or the folder can't be written
     * @throws DivergenceException if a validation loss is not finite, or all workers were left out
     */
    public double run() throws IOException {
        prepare();
        folder.keepOnly(Set.of());
        List<String> names = new ArrayList<>();
        Pieces pieces = job.pieces();
        for (int i = 0; i < pieces.count(); i++) {
            String name = RoundFolder.name(0, "parameters", i, 0);
            folder.write(name, weights.get(pieces.from(i), pieces.length(i)));
            names.add(name);
        }
        List<String> noVelocity = Collections.nCopies(pieces.count(), null);
        round = new Round(0, TrainingState.START, names, noVelocity, List.of());
        return rounds();
    }

    /**
     * Goes on from the last round that is whole in the folder, with the losses that the run would
     * have had; those of a run that lost no executor are the same to the bit on the same kind of
     * processor.
     *
     * @return as {@link #run}
     * @throws IllegalArgumentException also if there is no such round, or its run is another one
     * @throws IOException as {@link #run}
     * @throws DivergenceException as {@link #run}
     */
    public double resume() throws IOException {
        Round.Stored last =
                folder.last()
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "%s has no round to go on from; start a new run"
                                                        .formatted(folder)));
        prepare();
        requireSameRun(last);
        round = last.round();
        stored = round;
        listeners.tell(listener -> listener.onResume(round.state().step()));
        return rounds();
    }

    /** Asks a training to stop after its round, which it then stores. Any thread may call this. */
    public void stop() {
        stopping = true;
    }

    private void prepare() throws IOException {
        ranks.await(patience);
        boolean isNew = !folder.isThere();
        try {
            List<Preparation> workers = Preparation.all(found());
            workers.forEach(worker -> ranks.found(worker.rank(), worker.host(), worker.executor()));
            trainingData = workers.stream().map(Preparation::training).toList().toString();
            validationData = workers.get(0).validation();
            frozen = workers.get(0).frozen();
        } catch (IOException | IllegalArgumentException e) {
            if (isNew) {
                folder.deleteIfEmpty();
            }
            throw e;
        }
    }

    private List<String> found() throws IOException {
        TrainingJob work = job;
        folder.writeText(Preparation.PROBE, job.run());
        try {
            return ranks.ask(rank -> List.of(Preparation.of(work, rank.next())).iterator());
        } finally {
            folder.delete(Preparation.PROBE);
        }
    }

    private void requireSameRun(Round.Stored last) {
        Map<String, String> before = new LinkedHashMap<>(last.plan().values());
        Map<String, String> now = new LinkedHashMap<>(job.plan().values());
        before.put("rounds", last.rounds().toString());
        now.put("rounds", job.rounds().toString());
        before.put("pieces", last.pieces().toString());
        now.put("pieces", job.pieces().toString());
        before.put("training data", last.trainingData());
        now.put("training data", trainingData);
        before.put("validation data", last.validationData());
        now.put("validation data", validationData);
        before.put("frozen parameters", last.frozen());
        now.put("frozen parameters", frozen);
        before.forEach(
                (name, value) -> {
                    if (!Checkpoint.FREE.contains(name) && !value.equals(now.get(name))) {
                        throw new IllegalArgumentException(
                                ("%s: was written with %s %s, but this run has %s; leave out what"
                                                + " differs, or start a new run")
                                        .formatted(folder, name, value, now.get(name)));
                    }
                });
    }

    private double rounds() throws IOException {
        if (!round.state().isEvaluated()) {
            evaluate();
        }
        while (!round.state().isDone(job.plan()) && !stopping) {
            int before = round.state().step();
            int after = before + job.next(round).steps();
            round();
            if (isDue(job.plan().evalEvery(), before, after)) {
                evaluate();
            }
            boolean due = isDue(checkpointEvery, before, after) || job.rounds().keepMoments();
            if (due || round.state().isDone(job.plan()) || stopping) {
                store();
            }
        }
        load();
        return round.state().bestLoss();
    }

    /** Tells whether a multiple of some steps was reached, or the end. */
    private boolean isDue(int every, int before, int after) {
        return after / every > before / every || after == job.plan().steps();
    }

    private void round() throws IOException {
        long begin = System.nanoTime();
        TrainingJob work = job;
        Round from = round;
        JavaPairRDD<Long, byte[]> arrived =
                ranks.all()
                        .mapPartitionsToPair(
                                rank ->
                                        Worker.of(work, rank.next())
                                                .train(from, TaskContext.get().taskAttemptId()));
        List<Averaging.Outcome> outcomes =
                Ranks.collect(
                                arrived.repartitionAndSortWithinPartitions(
                                                new Averaging.ByPiece(
                                                        job.pieces(), work.next(from)))
                                        .mapPartitions(new Averaging(work, from)))
                        .stream()
                        .map(Averaging.Outcome::of)
                        .toList();
        List<WorkerReport> workers =
                outcomes.stream()
                        .map(Averaging.Outcome::report)
                        .filter(Objects::nonNull)
                        .sorted(Comparator.comparingInt(WorkerReport::rank))
                        .toList();
        double seconds = (System.nanoTime() - begin) / 1e9;
        TrainingState state = tellSteps(workers, seconds);
        round = next(outcomes, workers, state);
        Set<Integer> needed = round.rounds();
        needed.addAll(stored == null ? from.rounds() : stored.rounds());
        folder.keepOnly(needed);
        RoundReport report = new RoundReport(round.number(), state.step(), seconds, workers);
        listeners.attempt(() -> roundListener.onRound(report));
    }

    private Round next(
            List<Averaging.Outcome> outcomes, List<WorkerReport> workers, TrainingState state) {
        List<String> parameters = new ArrayList<>(round.parameters());
        List<String> velocity = new ArrayList<>(round.velocity());
        for (Averaging.Outcome outcome : outcomes) {
            if (outcome.piece() >= 0) {
                parameters.set(outcome.piece(), outcome.parameters());
                velocity.set(outcome.piece(), outcome.velocity());
            }
        }
        List<Round.WorkerState> left = new ArrayList<>();
        for (WorkerReport worker : workers) {
            ranks.found(worker.rank(), worker.host(), worker.executor());
            left.add(
                    new Round.WorkerState(
                            worker.attempt(), worker.updates(), worker.momentsFile()));
        }
        return new Round(round.number() + 1, state, parameters, velocity, left);
    }

    /** Tells listeners of the steps, each the mean over the workers that count. */
    private TrainingState tellSteps(List<WorkerReport> all, double seconds) throws IOException {
        List<WorkerReport> counted = all.stream().filter(worker -> !worker.leftOut()).toList();
        TrainingState state = round.state();
        int steps = job.next(round).steps();
        if (counted.isEmpty()) {
            double[] losses = all.get(0).losses();
            double[] norms = all.get(0).norms();
            int last = losses.length - 1;
            throw DivergenceException.atStep(
                    report(state.step() + last + 1, losses[last], norms[last], 0, 0),
                    job.plan().learningRate());
        }
        long tokens = counted.stream().mapToLong(WorkerReport::tokens).sum();
        for (int i = 0; i < steps; i++) {
            int step = i;
            double loss = mean(counted.stream().mapToDouble(w -> w.losses()[step]).toArray());
            double norm = mean(counted.stream().mapToDouble(w -> w.norms()[step]).toArray());
            StepReport report =
                    report(state.step() + 1, loss, norm, tokens / steps, tokens / seconds);
            if (Double.isFinite(loss) && Double.isFinite(norm)) {
                state = state.stepped(report);
                listeners.tell(listener -> listener.onStep(report));
            } else {
                state = state.skippedStep();
                listeners.tell(listener -> listener.onSkippedStep(report));
            }
        }
        return state;
    }

    /** Returns the mean of what is finite; NaN if nothing is. */
    private static double mean(double... values) {
        return Arrays.stream(values).filter(Double::isFinite).average().orElse(Double.NaN);
    }

    private StepReport report(int step, double loss, double norm, long tokens, double speed) {
        double rate = job.plan().learningRates().rate(step - 1);
        return new StepReport(step, loss, rate, norm, tokens, speed);
    }

    private void evaluate() throws IOException {
        TrainingJob work = job;
        Round at = round;
        List<String> shares =
                ranks.ask(
                        rank -> {
                            LossSum share = Worker.of(work, rank.next()).evaluate(at);
                            return List.of(share.sum() + " " + share.count()).iterator();
                        });
        LossSum sum = new LossSum(0, 0);
        for (String share : shares) {
            String[] parts = share.split(" ");
            sum = sum.plus(new LossSum(Double.parseDouble(parts[0]), Long.parseLong(parts[1])));
        }
        double loss = sum.mean();
        TrainingState state = round.state();
        if (!Double.isFinite(loss)) {
            throw DivergenceException.after(state.step(), loss, job.plan().learningRate());
        }
        if (state.step() > 0) {
            load();
        }
        round = round.evaluated(loss);
        listeners.tell(listener -> listener.onEvaluation(state.evaluation(loss, job.plan())));
    }

    /** Gives the driver's model the parameters of the round. */
    private void load() throws IOException {
        Pieces pieces = job.pieces();
        for (int i = 0; i < pieces.count(); i++) {
            String name = round.parameters().get(i);
            weights.set(pieces.from(i), folder.read(name, pieces.length(i)));
        }
    }

    private void store() throws IOException {
        listeners.tell(listener -> listener.beforeCheckpoint(round.state().step()));
        TrainingJob work = job;
        Round at = round;
        List<String> files =
                ranks.ask(
                        rank -> {
                            long attempt = TaskContext.get().taskAttemptId();
                            Worker worker = Worker.of(work, rank.next());
                            return List.of(worker.store(at, attempt)).iterator();
                        });
        round = round.stored(files);
        folder.store(
                new Round.Stored(
                        round,
                        job.plan(),
                        job.rounds(),
                        job.pieces(),
                        trainingData,
                        validationData,
                        frozen,
                        notes));
        stored = round;
    }

    /** Builds a {@link SparkTraining}. */
    public static final class Builder {

        private JavaSparkContext context;
        private GptTrunk model;
        private TokenFiles training;
        private TokenFiles validation;
        private String folder;
        private LearnerSource source;
        private boolean bfloat16;
        private int stride = 1;
        private TrainingPlan plan = TrainingPlan.builder().build();
        private RoundPlan rounds = RoundPlan.DEFAULT;
        private Integer pieces;
        private TrainingLoopListener[] listeners = {};
        private RoundListener roundListener = report -> {};
        private WriteFailureHandler writeFailures =
                failure -> {
                    throw failure;
                };
        private Integer checkpointEvery;
        private int skipBadSteps;
        private Map<String, String> notes = Map.of();
        private Duration patience = Duration.ofSeconds(60);

        private Builder() {}

        /**
         * Sets where to train.
         *
         * @param session a session of the cluster, which stays open
         * @return this builder
         */
        public Builder setSession(SparkSession session) {
            return setContext(JavaSparkContext.fromSparkContext(session.sparkContext()));
        }

        /**
         * Sets where to train, in place of {@link #setSession}.
         *
         * @param context a context of the cluster, which stays open
         * @return this builder
         */
        public Builder setContext(JavaSparkContext context) {
            this.context = context;
            return this;
        }

        /**
         * Sets what is trained.
         *
         * @param model an initialized model. Its parameters are the first, and from an evaluation
         *     on, as from the end, those of the workers' mean
         * @return this builder
         */
        public Builder setModel(GptTrunk model) {
            this.model = model;
            return this;
        }

        /**
         * Sets the tokens of a text. It may be left out if {@link #optLearnerSource} has data.
         *
         * @param training what to train on; each worker reads its part
         * @param validation what is held out
         * @return this builder
         */
        public Builder setData(TokenFiles training, TokenFiles validation) {
            this.training = training;
            this.validation = validation;
            return this;
        }

        /**
         * Sets where parameters lie between rounds, and what a run can go on from.
         *
         * @param folder Hadoop's name of a folder that the driver and all executors can write; it
         *     is created
         * @return this builder
         */
        public Builder setFolder(String folder) {
            this.folder = folder;
            return this;
        }

        /**
         * Sets how workers make the model, and what else they learn from than token files: labelled
         * texts, for instance, or with another objective.
         *
         * @param source by default a model of the same size, of which everything is trained, and
         *     which predicts the next token
         * @return this builder
         */
        public Builder optLearnerSource(LearnerSource source) {
            this.source = source;
            return this;
        }

        /**
         * Sets whether layers compute in bfloat16, as inside {@link
         * org.djlgpt.nn.Autocast#bfloat16()}.
         *
         * @param bfloat16 by default not
         * @return this builder
         */
        public Builder optBFloat16(boolean bfloat16) {
            this.bfloat16 = bfloat16;
            return this;
        }

        /**
         * Sets the distance from the start of one window to train on to that of the next.
         *
         * @param stride at least 1, 1 by default
         * @return this builder
         */
        public Builder optStride(int stride) {
            this.stride = stride;
            return this;
        }

        /**
         * Sets how each worker trains.
         *
         * @param plan the defaults of {@link TrainingPlan#builder()} by default; its steps are
         *     those of each worker
         * @return this builder
         */
        public Builder optPlan(TrainingPlan plan) {
            this.plan = plan;
            return this;
        }

        /**
         * Sets how many workers there are and how they meet.
         *
         * @param rounds {@link RoundPlan#DEFAULT} by default
         * @return this builder
         */
        public Builder optRounds(RoundPlan rounds) {
            this.rounds = rounds;
            return this;
        }

        /**
         * Sets the number of workers.
         *
         * @param workers at least 1, 1 by default, at most as many as executors and windows
         * @return this builder
         */
        public Builder optWorkers(int workers) {
            return optRounds(rounds.withWorkers(workers));
        }

        /**
         * Sets the steps between meetings.
         *
         * @param steps at least 1, 100 by default
         * @return this builder
         */
        public Builder optSyncEvery(int steps) {
            return optRounds(rounds.withSyncEvery(steps));
        }

        /**
         * Sets the outer step.
         *
         * @param rate above 0, 0.7 by default
         * @param momentum in [0, 1), 0.9 by default
         * @return this builder
         */
        public Builder optOuter(double rate, double momentum) {
            return optRounds(rounds.withOuter(rate, momentum));
        }

        /**
         * Sets how workers tell where they arrived.
         *
         * @param format {@link ChangeFormat#FLOAT32} by default
         * @return this builder
         */
        public Builder optFormat(ChangeFormat format) {
            return optRounds(rounds.withFormat(format));
        }

        /**
         * Sets whether moments are stored after each round, rather than with each checkpoint.
         *
         * @param keepMoments by default not
         * @return this builder
         */
        public Builder optKeepMoments(boolean keepMoments) {
            return optRounds(rounds.withKeepMoments(keepMoments));
        }

        /**
         * Sets how many parts of the parameters meet in turn, each after {@link #optSyncEvery}
         * steps, which evens out what travels. Evaluations then see each part as it last met;
         * behind the last step all meet.
         *
         * @param fragments from 1, where all meet at once, to the steps between meetings; 1 by
         *     default
         * @return this builder
         */
        public Builder optFragments(int fragments) {
            return optRounds(rounds.withFragments(fragments));
        }

        /** Sets into how many pieces parameters are cut, of which each fragment has as many. */
        Builder withPieces(int pieces) {
            this.pieces = pieces;
            return this;
        }

        /**
         * Sets who hears of the training.
         *
         * @param listeners called in this order after a round, with each step's mean over the
         *     workers; none by default
         * @return this builder
         */
        public Builder optListeners(TrainingLoopListener... listeners) {
            this.listeners = listeners.clone();
            return this;
        }

        /**
         * Sets who hears of rounds.
         *
         * @param listener by default nobody
         * @return this builder
         */
        public Builder optRoundListener(RoundListener listener) {
            roundListener = listener;
            return this;
        }

        /**
         * Sets what happens when a listener can't write.
         *
         * @param handler hears of each failure; by default the training stops with it
         * @return this builder
         */
        public Builder optWriteFailures(WriteFailureHandler handler) {
            writeFailures = handler;
            return this;
        }

        /**
         * Sets how often a round is stored to go on from, with all moments.
         *
         * @param steps the steps between such rounds, at least 1; by default those between
         *     evaluations
         * @return this builder
         */
        public Builder optCheckpointEvery(int steps) {
            checkpointEvery = steps;
            return this;
        }

        /**
         * Sets how many steps of a worker's round may have a loss or gradient that is not finite.
         * Their updates are not applied; with one more, the worker is left out of the mean.
         *
         * @param badSteps at least 0, 0 by default
         * @return this builder
         */
        public Builder optSkipBadSteps(int badSteps) {
            skipBadSteps = badSteps;
            return this;
        }

        /**
         * Sets what else a stored round should tell whoever goes on from it.
         *
         * @param notes texts by name; none by default
         * @return this builder
         */
        public Builder optNotes(Map<String, String> notes) {
            this.notes = new LinkedHashMap<>(notes);
            return this;
        }

        /**
         * Sets how long to wait for executors.
         *
         * @param patience 60 seconds by default
         * @return this builder
         */
        public Builder optPatience(Duration patience) {
            this.patience = patience;
            return this;
        }

        /**
         * Builds the training.
         *
         * @return the training
         * @throws IllegalArgumentException if a number is out of its range
         * @throws IOException if the folder's file system can't be reached
         */
        public SparkTraining build() throws IOException {
            Objects.requireNonNull(context, "setSession is missing");
            Objects.requireNonNull(model, "setModel is missing");
            if (source == null || training != null || validation != null) {
                Objects.requireNonNull(training, "setData is missing");
                Objects.requireNonNull(validation, "setData is missing");
            }
            if (source == null && !(model instanceof GptModel)) {
                throw new IllegalArgumentException(
                        "a %s needs optLearnerSource, which makes another in each worker"
                                .formatted(model.getClass().getSimpleName()));
            }
            Objects.requireNonNull(folder, "setFolder is missing");
            if (checkpointEvery != null) {
                Checks.requirePositive("checkpointEvery", checkpointEvery);
            }
            Checks.requirePositive("stride", stride);
            if (skipBadSteps < 0) {
                throw new IllegalParameterException(
                        "{skipBadSteps}=%d must be at least 0", skipBadSteps);
            }
            return new SparkTraining(this);
        }
    }
}
