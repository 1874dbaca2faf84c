package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.MetricsLog;
import org.djlgpt.training.Pretraining;
import org.djlgpt.training.TrainingConfig;
import org.djlgpt.training.TrainingListener;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;

/**
 * The steps of {@code gpt train}, with everything that listens to them, up to the end, a signal or
 * a failure.
 */
final class TrainingRun {

    private final TrainingTask task;
    private final RunDirectory run;
    private final TrainingConfig config;
    private final CheckpointOptions options;
    private final PrintWriter err;
    private final EarlierRun earlierRun;
    private final MetricsLog metrics;
    private final BestModel bestModel;

    TrainingRun(
            TrainingTask task,
            RunDirectory run,
            TrainingConfig config,
            CheckpointOptions options,
            PrintWriter err) {
        this.task = task;
        this.run = run;
        this.config = config;
        this.options = options;
        this.err = err;
        earlierRun = new EarlierRun(run);
        metrics = new MetricsLog(run.metrics());
        bestModel =
                new BestModel(task.model(), task.text().tokenizer(), run, config.steps(), metrics);
    }

    /**
     * Trains.
     *
     * @param notes what the checkpoints tell whoever goes on
     * @param checkpoint where to go on
     * @return what the process should exit with: 0, or 130 or 143 if a signal stopped the run
     */
    int train(
            NDManager manager,
            Map<String, String> notes,
            Optional<Checkpoint> checkpoint,
            Output out)
            throws IOException, MalformedModelException {
        boolean bar = Terminal.isInteractive();
        try (ProgressMeter meter = bar ? new ProgressMeter(out, config.steps()) : null) {
            Pretraining training =
                    training(bar ? meter : new ProgressLines(out, config.steps()))
                            .setManager(manager)
                            .optNotes(notes)
                            .build();
            run.create();
            if (checkpoint.isPresent()) {
                training.resume(checkpoint.get());
            }
            try (Interruption interruption = new Interruption(training::stop)) {
                training.run();
                return interruption.exitCode();
            }
        } catch (IOException | RuntimeException e) {
            sayWhatIsLeft();
            throw e;
        }
    }

    private Pretraining.Builder training(TrainingListener progress) {
        Pretraining.Builder builder =
                Pretraining.builder()
                        .setModel(task.model())
                        .setData(task.training(), task.validation())
                        .optConfig(config)
                        .optListeners(
                                progress,
                                earlierRun,
                                metrics,
                                bestModel,
                                new LossCurveFile(run.curve(), task.baselines(), metrics))
                        .optCheckpoint(run.checkpoint())
                        .optSkipBadSteps(options.skipBadSteps());
        options.every().ifPresent(builder::optCheckpointEvery);
        if (options.keepGoing()) {
            builder.optWriteFailures(
                    failure -> print("%s; the training goes on", Failures.message(failure)));
        }
        return builder;
    }

    /** Returns whether this run has a checkpoint. */
    boolean isSaved() {
        return earlierRun.isReplaced() && Files.exists(run.checkpoint());
    }

    private void sayWhatIsLeft() {
        if (isSaved()) {
            print("the last checkpoint is whole; --resume %s goes on from it", run.path());
        }
    }

    private void print(String format, Object... values) {
        err.println("gpt: " + format.formatted(values));
        err.flush();
    }

    /** Returns the validation loss of the model in the folder; NaN if there is none of this run. */
    double bestLoss() {
        return bestModel.loss();
    }
}
