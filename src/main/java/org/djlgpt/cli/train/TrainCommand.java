package org.djlgpt.cli.train;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.AdapterDirectory;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.console.Syntax;
import org.djlgpt.cli.option.DeviceOption;
import org.djlgpt.cli.option.TokenizerOption;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.Autocast;
import org.djlgpt.torch.BFloat16;
import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.Learner;
import org.djlgpt.training.Listeners;
import org.djlgpt.training.TrainingPlan;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code gpt train}. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Trains a GPT on text, or tunes one on examples, labels or preferences, and leaves"
                        + " a model folder.")
public final class TrainCommand implements Callable<Integer> {

    /** What linear layers and attention compute in. */
    enum Precision {
        /** 32-bit floating point. */
        FP32,
        /** bfloat16, as PyTorch's autocast does. */
        BF16;

        /** Refuses a device that would take many times as long as in float32. */
        private void requireFastOn(Device device) {
            try {
                if (this == BF16) {
                    BFloat16.requireFastOn(device);
                }
            } catch (UnsupportedOperationException e) {
                throw new IllegalArgumentException("--precision bf16: " + e.getMessage(), e);
            }
        }

        private Autocast scope() {
            return this == BF16 ? Autocast.bfloat16() : Autocast.float32();
        }

        /** Lets the weights of a model stay as they are, in what is computed in. */
        void freeze(GptTrunk base) {
            if (this == BF16) {
                Lora.freezeInBFloat16(base);
            }
        }
    }

    @Mixin private LessonOptions lessonOptions;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "runs/gpt",
            description =
                    "where the model goes, or the adapter, and the tokens of a text above 16 MiB;"
                            + " one that lies there is replaced, unless a training still writes it"
                            + " (default: runs/gpt)")
    private Path out;

    @Option(
            names = "--precision",
            paramLabel = "fp32|bf16",
            defaultValue = "fp32",
            description =
                    "what linear layers and attention compute in; parameters stay in fp32. A"
                            + " processor without bfloat16 is refused unless Java is started with"
                            + " -Ddjlgpt.bfloat16=true (default: fp32)")
    private Precision precision;

    @Mixin private ModelOptions modelOptions;
    @Mixin private TrainingOptions trainingOptions;
    @Mixin private SparkOptions sparkOptions;
    @Mixin private DeviceOption device;
    @Spec private CommandSpec spec;

    /** For picocli. */
    TrainCommand() {}

    @Override
    public Integer call() throws IOException, MalformedModelException {
        Optional<Checkpoint> checkpoint = adoptCheckpoint();
        TrainingPlan plan = trainingOptions.plan();
        sparkOptions.requireUse();
        Optional<Cluster> cluster = cluster();
        modelOptions.config(1); // a wrong size is known before the text is read
        RunDirectory folder = new RunDirectory(out);
        folder.requireFree();
        if (lessonOptions.makesClassifier()) {
            modelOptions.requireOther(out);
        } else if (modelOptions.trainsAdapter()) {
            AdapterDirectory.requireRoom(out);
        }
        try (NDManager manager = device.newManager()) {
            Lesson lesson = lessonOptions.read(modelOptions, folder, device.threads(), spec);
            RunOptions options =
                    RunOptions.of(spec, plan, TokenizerOption.sha256(lesson.tokenizer()));
            if (checkpoint.isPresent()) {
                RunOptions.of(spec, checkpoint.get()).requireSame(options);
            }
            precision.requireFastOn(manager.getDevice());
            TrainingRun run =
                    new TrainingRun(folder, lesson, modelOptions, precision, plan, manager);
            Output output = new Output(spec.commandLine().getOut());
            TrainingReport report = new TrainingReport(output);
            report.material(run.material().description());
            report.model(run.model(), modelOptions.freeze(), manager.getDevice());
            PrintWriter err = spec.commandLine().getErr();
            try (Autocast scope = precision.scope()) {
                int exitCode =
                        cluster.isPresent()
                                ? trainOn(cluster.get(), run, plan, options, output)
                                : run.train(
                                        trainingOptions,
                                        options.notes(),
                                        checkpoint,
                                        manager,
                                        output,
                                        err);
                if (exitCode != 0) {
                    report.stopped(folder);
                    return exitCode;
                }
            }
            lesson.conclude(run, report, manager);
        }
        return 0;
    }

    /**
     * Returns the cluster to train on, if one is asked for.
     *
     * @throws IllegalArgumentException if it does not fit what else is asked for
     */
    private Optional<Cluster> cluster() {
        if (!sparkOptions.isGiven()) {
            return Optional.empty();
        }
        trainingOptions.requireNoTrial("--spark", "give the number of executors");
        return Optional.of(SparkOptions.cluster());
    }

    private int trainOn(
            Cluster cluster, TrainingRun run, TrainingPlan plan, RunOptions options, Output output)
            throws IOException {
        RunDirectory folder = run.folder();
        DataOptions data = lessonOptions.data();
        Optional<TextLesson> text = Optional.empty();
        Cluster.TokenSpan training = null;
        Cluster.TokenSpan validation = null;
        if (run.lesson() instanceof TextLesson tokens) {
            text = Optional.of(tokens);
            List<Cluster.TokenSpan> files = data.files(tokens, folder);
            training = sparkOptions.seen(files.get(0));
            validation = sparkOptions.seen(files.get(1));
        }
        PrintWriter err = spec.commandLine().getErr();
        Cluster.Task task =
                new Cluster.Task(
                        sparkOptions.place(plan),
                        sparkOptions.meeting(),
                        run.model(),
                        source(run, options),
                        precision == Precision.BF16,
                        training,
                        validation,
                        trainingOptions.plan(1),
                        sparkOptions.folder(folder),
                        trainingOptions.resume().isPresent(),
                        trainingOptions.checkpointEvery(),
                        trainingOptions.skipBadSteps(),
                        options.notes(),
                        trainingOptions.writeFailures(failure -> TrainingRun.goesOn(failure, err)),
                        folder.roundsLog());
        Listeners.Write tokens = text.isEmpty() ? () -> {} : writing(data, text.get(), folder);
        return run.train(cluster, task, tokens, output, err);
    }

    private static Listeners.Write writing(DataOptions data, TextLesson text, RunDirectory folder) {
        return () -> data.writeFiles(text, folder);
    }

    /** Returns what a worker makes of these options; null if all of a model learns a text. */
    private Cluster.Source source(TrainingRun run, RunOptions options) {
        boolean isPart = modelOptions.trainsAdapter() || modelOptions.freeze().isGiven();
        if (lessonOptions.isText() && !isPart) {
            return null;
        }
        List<String> words = options.arguments(spec);
        return new Elsewhere(words, run.lesson().tokenizer().vocabSize());
    }

    /** What a command line trains, made in another process. */
    private record Elsewhere(List<String> arguments, int vocabSize) implements Cluster.Source {

        @Override
        public Learner make(NDManager manager) throws IOException, MalformedModelException {
            TrainCommand train = new TrainCommand();
            Syntax.of(new CommandLine(train)).parseArgs(arguments.toArray(String[]::new));
            return train.learner(vocabSize, manager);
        }
    }

    /** Makes what is trained; of a text, which a cluster reads by itself, the model alone. */
    private Learner learner(int vocabSize, NDManager manager)
            throws IOException, MalformedModelException {
        GptConfig size = modelOptions.config(vocabSize);
        int seed = trainingOptions.plan().seed();
        if (lessonOptions.isText()) {
            GptModel base = modelOptions.model(size, seed, manager);
            return new Learner(modelOptions.trained(base, precision, manager));
        }
        Lesson lesson = lessonOptions.read(modelOptions, new RunDirectory(out), 1, spec);
        Lesson.Material material = lesson.read(size);
        GptModel base = modelOptions.model(size, seed, manager);
        GptTrunk model = modelOptions.trained(lesson.learner(base, manager), precision, manager);
        return new Learner(
                model, lesson.objective(base), material.training(), material.validation());
    }

    /** Takes over the options of the run that goes on, where the command line has none. */
    private Optional<Checkpoint> adoptCheckpoint() throws IOException, MalformedModelException {
        if (trainingOptions.resume().isEmpty()) {
            return Optional.empty();
        }
        Path folder = trainingOptions.resume().get();
        trainingOptions.requireNoTrial("--resume", "leave it out to go on with the run's number");
        if (spec.commandLine().getParseResult().hasMatchedOption("--out")) {
            throw new IllegalArgumentException(
                    "--out does not go with --resume: the run goes on in its folder %s"
                            .formatted(folder));
        }
        Checkpoint checkpoint = new RunDirectory(folder).readCheckpoint();
        Map<String, List<String>> adopted = RunOptions.of(spec, checkpoint).adopt(spec);
        lessonOptions.requireUse();
        RunOptions.requireThere(adopted, folder);
        out = folder;
        return Optional.of(checkpoint);
    }
}
