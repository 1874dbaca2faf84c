package org.djlgpt.cli.train;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.AdapterDirectory;
import org.djlgpt.checkpoint.ClassifierDirectory;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.cli.console.Failures;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.MemoryLimit;
import org.djlgpt.cli.train.Lesson.Material;
import org.djlgpt.cli.train.Lesson.Yardstick;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.plot.LossCurve;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.Batches;
import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.Listeners;
import org.djlgpt.training.MetricsLog;
import org.djlgpt.training.Objective;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingLoop;
import org.djlgpt.training.TrainingLoopListener;
import org.djlgpt.training.TrainingPlan;
import org.djlgpt.training.TrainingState;
import org.djlgpt.training.TrainingStep;
import org.djlgpt.tuning.ChatTemplate;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What {@code gpt train} trains on what, and the steps, with everything that listens to them, up to
 * the end, a signal or a failure.
 */
final class TrainingRun {

    private final RunDirectory run;
    private final TrainingPlan plan;
    private final Lesson lesson;
    private final Objective objective;
    private final Material material;
    private final List<Yardstick> yardsticks;
    private final GptModel base;
    private final GptTrunk model;
    private final MetricsLog metrics;
    private final BestModel bestModel;

    /**
     * Makes the model for a lesson.
     *
     * @throws IllegalArgumentException if there is too little to learn from, or the memory is too
     *     small
     */
    TrainingRun(
            RunDirectory run,
            Lesson lesson,
            ModelOptions modelOptions,
            TrainCommand.Precision precision,
            TrainingPlan plan,
            NDManager manager)
            throws IOException, MalformedModelException {
        this.run = run;
        this.plan = plan;
        this.lesson = lesson;
        Tokenizer tokenizer = lesson.tokenizer();
        GptConfig size = modelOptions.config(tokenizer.vocabSize());
        material = lesson.read(size);
        boolean isPart = modelOptions.trainsAdapter() || modelOptions.freeze().isGiven();
        long trained = isPart ? 0 : size.parameterCount();
        MemoryLimit.of(manager.getDevice())
                .requireTraining(
                        size, Math.min(plan.batchSize(), material.training().size()), trained);
        yardsticks = lesson.yardsticks(size);
        base = modelOptions.model(size, plan.seed(), manager);
        model = modelOptions.trained(lesson.learner(base, manager), precision, manager);
        objective = lesson.objective(base);
        metrics = new MetricsLog(run.metrics());
        BestModel.Writer writer = writer(tokenizer, modelOptions.base());
        bestModel = new BestModel(writer, metrics);
    }

    private BestModel.Writer writer(Tokenizer tokenizer, Path begunWith) {
        if (model instanceof SequenceClassifier classifier) {
            return () -> ClassifierDirectory.save(classifier, tokenizer, run.path());
        }
        GptModel gpt = (GptModel) model;
        ChatTemplate template = lesson.template().orElse(null);
        if (gpt == base) {
            return () -> ModelDirectory.save(gpt, tokenizer, template, run.path());
        }
        String name = begunWith.toAbsolutePath().normalize().toString();
        return () -> AdapterDirectory.save(gpt, tokenizer, template, name, run.path());
    }

    /** Returns the model, which is drawn or loaded and not yet trained. */
    GptTrunk model() {
        return model;
    }

    /** Reads the model in the folder; an adapter on the base that is in memory. */
    GptModel best(NDManager manager) throws IOException, MalformedModelException {
        return model == base
                ? ModelDirectory.load(run.path(), manager)
                : AdapterDirectory.load(run.path(), base, manager);
    }

    /** Returns what is learnt. */
    Lesson lesson() {
        return lesson;
    }

    /** Returns what a loss is measured by. */
    List<Yardstick> yardsticks() {
        return yardsticks;
    }

    /** Returns where the model is. */
    RunDirectory folder() {
        return run;
    }

    /** Returns how many of what is learned from go through the model at a time. */
    int batchSize() {
        return plan.batchSize();
    }

    /** Returns what chance follows from. */
    int seed() {
        return plan.seed();
    }

    /** Returns what is learned from. */
    Material material() {
        return material;
    }

    /** Returns the validation loss of the model in the folder; NaN if there is none of this run. */
    double bestLoss() {
        return bestModel.loss();
    }

    /**
     * Trains.
     *
     * @param options when it saves, and what it bears
     * @param notes what the checkpoints tell whoever goes on
     * @param checkpoint where to go on
     * @param out takes the progress, and {@code err} what went wrong
     * @return what the process should exit with: 0, or 130 or 143 if a signal stopped the run
     */
    int train(
            TrainingOptions options,
            Map<String, String> notes,
            Optional<Checkpoint> checkpoint,
            NDManager manager,
            Output out,
            PrintWriter err)
            throws IOException, MalformedModelException {
        TrainingPlan plan = options.triesWorkers() ? tried(options, manager, out) : this.plan;
        try (Progress progress = Progress.on(out, plan.steps())) {
            TrainingLoop steps =
                    options.training(failure -> goesOn(failure, err))
                            .setModel(model)
                            .setManager(manager)
                            .setData(material.training(), material.validation())
                            .optObjective(objective)
                            .optPlan(plan)
                            .optListeners(progress, run, metrics, bestModel, new Curve())
                            .optCheckpoint(run.checkpoint())
                            .optNotes(notes)
                            .build();
            run.create();
            if (checkpoint.isPresent()) {
                steps.resume(checkpoint.get());
                reportEnd(checkpoint.get().state(), out);
            }
            try (Interruption interruption = new Interruption(steps::stop)) {
                steps.run();
                return interruption.exitCode();
            }
        } catch (IOException | RuntimeException e) {
            if (run.isSaved()) {
                print(err, "the last checkpoint is whole; --resume %s goes on from it", run.path());
            }
            throw e;
        }
    }

    /** Says why there is nothing left to do, although there are steps left. */
    private void reportEnd(TrainingState state, Output out) {
        if (state.isDone(plan) && state.step() < plan.steps()) {
            out.line(
                    "Ended    at step %d: %d evaluation%s in a row had no lower loss; to go on,"
                            + " give a larger --patience, or 0 for no end",
                    state.step(), state.sinceBest(), state.sinceBest() == 1 ? "" : "s");
        }
    }

    /**
     * Trains on a cluster.
     *
     * @param task what and where
     * @param tokens writes what the cluster reads
     * @return as {@link #train(TrainingOptions, Map, Optional, NDManager, Output, PrintWriter)}
     */
    int train(
            Cluster cluster, Cluster.Task task, Listeners.Write tokens, Output out, PrintWriter err)
            throws IOException {
        try (Progress progress = Progress.on(out, plan.steps());
                Cluster.Run steps =
                        cluster.open(task, listeners(task, progress), progress::printLine)) {
            run.create();
            tokens.run();
            try (Interruption interruption = new Interruption(steps::stop)) {
                steps.train();
                return interruption.exitCode();
            }
        } catch (IOException | RuntimeException e) {
            if (run.isSaved()) {
                print(err, "the last checkpoint is whole; --resume %s goes on from it", run.path());
            } else {
                run.withdraw();
            }
            throw e;
        }
    }

    private List<TrainingLoopListener> listeners(Cluster.Task task, Progress progress) {
        TrainingLoopListener howToGoOn =
                new TrainingLoopListener() {
                    @Override
                    public void beforeCheckpoint(int step) throws IOException {
                        Checkpoint.writeNotes(run.checkpoint(), step, plan, task.notes());
                    }
                };
        return List.of(progress, run, metrics, bestModel, new Curve(), howToGoOn);
    }

    /** Finds the number of workers, and says so where there was something to find. */
    private TrainingPlan tried(TrainingOptions options, NDManager manager, Output out) {
        Batches batches = Batches.shuffled(material.training(), plan.batchSize(), plan.seed());
        OptionalInt found = TrainingStep.fastestWorkers(model, objective, manager, batches, plan);
        if (found.isEmpty()) {
            return plan;
        }
        int workers = found.getAsInt();
        out.line(
                "Workers  %s",
                workers == 1
                        ? "1, with whole batches: a trial shows that to be fastest"
                        : workers + ", with a part of each batch: faster than one in a trial");
        return options.plan(workers);
    }

    static void goesOn(IOException failure, PrintWriter err) {
        print(err, "%s; the training goes on", Failures.message(failure));
    }

    private static void print(PrintWriter err, String format, Object value) {
        err.println("gpt: " + format.formatted(value));
        err.flush();
    }

    /** Draws the losses anew at each evaluation after a step. */
    private final class Curve implements TrainingLoopListener {

        private static final double MOST_SMOOTHING = 0.95;
        private static final double POINTS = 20;

        private final LossCurve.Builder curve = LossCurve.builder();
        private int points;

        Curve() {
            yardsticks.forEach(known -> curve.addBaseline(known.name(), known.loss()));
        }

        /** Of the steps before the checkpoint, the log has the means between evaluations only. */
        @Override
        public void onResume(int step) {
            for (EvaluationReport report : metrics.earlier()) {
                addStep(report.step(), report.trainLoss());
                curve.addValidation(report.step(), report.validationLoss());
            }
        }

        @Override
        public void onStep(StepReport report) {
            addStep(report.step(), report.loss());
        }

        private void addStep(int step, double loss) {
            curve.addTraining(step, loss);
            points++;
        }

        @Override
        public void onEvaluation(EvaluationReport report) throws IOException {
            curve.addValidation(report.step(), report.validationLoss());
            if (report.step() > 0) {
                curve.optSmoothing(smoothing()).build().save(run.curve());
            }
        }

        /** A short run has too few steps for an average over many: it would trail behind. */
        private double smoothing() {
            return Math.max(0, Math.min(MOST_SMOOTHING, 1 - POINTS / Math.max(1, points)));
        }
    }
}
