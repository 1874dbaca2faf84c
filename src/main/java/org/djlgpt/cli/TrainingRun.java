package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.AdapterDirectory;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.plot.LossCurve;
import org.djlgpt.training.Baselines;
import org.djlgpt.training.Batches;
import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.MetricsLog;
import org.djlgpt.training.Objective;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingLoop;
import org.djlgpt.training.TrainingLoopListener;
import org.djlgpt.training.TrainingPlan;
import org.djlgpt.training.TrainingStep;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code gpt train} trains on what, and the steps, with everything that listens to them, up to
 * the end, a signal or a failure.
 */
final class TrainingRun {

    private final RunDirectory run;
    private final TrainingPlan plan;
    private final TokenWindows training;
    private final TokenWindows validation;
    private final Baselines baselines;
    private final GptModel base;
    private final GptModel model;
    private final MetricsLog metrics;
    private final BestModel bestModel;

    /**
     * Makes the model for a text.
     *
     * @throws IllegalArgumentException if the text is too short or the memory too small
     */
    TrainingRun(
            RunDirectory run,
            TrainingData text,
            ModelOptions modelOptions,
            TrainCommand.Precision precision,
            TrainingPlan plan,
            NDManager manager)
            throws IOException, MalformedModelException {
        this.run = run;
        this.plan = plan;
        GptConfig size = modelOptions.config(text.tokenizer().vocabSize());
        training = windows("the text to train on", text.training(), size, 1);
        validation = windows("the text held out", text.validation(), size, size.contextLength());
        Optional<LoraConfig> lora = modelOptions.lora();
        long trained =
                lora.map(adapter -> Lora.parameterCount(size, adapter))
                        .orElseGet(size::parameterCount);
        MemoryLimit.ofMachine()
                .requireTraining(size, Math.min(plan.batchSize(), training.size()), trained);
        baselines = Baselines.of(text.training(), size.vocabSize());
        base = modelOptions.model(size, plan.seed(), manager);
        metrics = new MetricsLog(run.metrics());
        BestModel.Writer writer;
        if (lora.isPresent()) {
            String name = modelOptions.folder().toAbsolutePath().normalize().toString();
            model = precision.adapt(base, lora.get(), manager);
            writer = () -> AdapterDirectory.save(model, text.tokenizer(), name, run.path());
        } else {
            model = base;
            writer = () -> ModelDirectory.save(model, text.tokenizer(), run.path());
        }
        bestModel = new BestModel(writer, plan.steps(), metrics);
    }

    private static TokenWindows windows(String part, Tokens tokens, GptConfig size, int stride) {
        if (tokens.size() <= size.contextLength()) {
            throw new IllegalArgumentException(
                    ("%s has %d tokens, fewer than the %d of one window (--context-length=%d and a"
                                    + " label); give a longer text or a smaller --context-length")
                            .formatted(
                                    part,
                                    tokens.size(),
                                    size.contextLength() + 1L,
                                    size.contextLength()));
        }
        return TokenWindows.builder()
                .setTokens(tokens)
                .setContextLength(size.contextLength())
                .optStride(stride)
                .build();
    }

    /** Returns the model, which is drawn or loaded and not yet trained. */
    GptModel model() {
        return model;
    }

    /** Reads the model in the folder; an adapter on the base that is in memory. */
    GptModel best(NDManager manager) throws IOException, MalformedModelException {
        return model == base
                ? ModelDirectory.load(run.path(), manager)
                : AdapterDirectory.load(run.path(), base, manager);
    }

    /** Returns what models score that know nothing. */
    Baselines baselines() {
        return baselines;
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
                            .setData(training, validation)
                            .optPlan(plan)
                            .optListeners(progress, run, metrics, bestModel, new Curve())
                            .optCheckpoint(run.checkpoint())
                            .optNotes(notes)
                            .build();
            run.create();
            if (checkpoint.isPresent()) {
                steps.resume(checkpoint.get());
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

    /** Finds the number of workers. */
    private TrainingPlan tried(TrainingOptions options, NDManager manager, Output out) {
        Batches batches = Batches.shuffled(training, plan.batchSize(), plan.seed());
        int workers =
                TrainingStep.fastestWorkers(model, Objective.nextToken(), manager, batches, plan);
        out.line(
                "Workers  %s",
                workers == 1
                        ? "1, with whole batches: a trial shows that to be fastest"
                        : workers + ", with a part of each batch: faster than one in a trial");
        return options.plan(workers);
    }

    private static void goesOn(IOException failure, PrintWriter err) {
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

        private final LossCurve.Builder curve =
                LossCurve.builder()
                        .addBaseline("uniform", baselines.uniform())
                        .addBaseline("unigram", baselines.unigram());
        private int points;

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
