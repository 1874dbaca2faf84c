package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.ModelDirectory;
import org.djlgpt.nn.Autocast;
import org.djlgpt.text.SeededShuffle;
import org.djlgpt.text.TokenWindows;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.text.Tokens;
import org.djlgpt.training.Baselines;
import org.djlgpt.training.MetricsLog;
import org.djlgpt.training.Pretraining;
import org.djlgpt.training.TrainingConfig;
import org.djlgpt.training.TrainingListener;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/** {@code gpt train}. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Trains a GPT on text and leaves a model folder.")
final class TrainCommand implements Callable<Integer> {

    private static final int SAMPLE_TOKENS = 400;
    private static final String SAMPLING = "temperature 0.8, top-k 40";

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description =
                    "a text file, a folder of text files, a token file (.bin, GPT-2 ids as"
                        + " little-endian unsigned 16-bit), or a folder with train.bin and val.bin"
                        + " (default: DJL's own Java sources)")
    private Path data;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "runs/gpt",
            description =
                    "where the model goes; one that lies there is replaced (default: runs/gpt)")
    private Path out;

    @Option(
            names = "--tokenizer",
            paramLabel = "char|gpt2",
            description =
                    "what tokens are: characters or GPT-2's byte pairs (default: char for text,"
                            + " gpt2 for .bin, or those of --init-from)")
    private TokenizerKind tokenizer;

    @Option(
            names = "--precision",
            paramLabel = "fp32|bf16",
            defaultValue = "fp32",
            description =
                    "what linear layers and attention compute in; parameters stay in fp32 (default:"
                            + " fp32)")
    private Precision precision;

    @Mixin private ModelOptions modelOptions;
    @Mixin private TrainingOptions trainingOptions;
    @Mixin private DeviceOption device;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        TrainingConfig config = trainingOptions.config();
        modelOptions.config(1); // a wrong size is known before the text is read
        try (NDManager manager = device.newManager()) {
            TrainingData text = TrainingData.read(data, tokenizer, modelOptions.tokenizer());
            GptConfig size = modelOptions.config(text.tokenizer().vocabSize());
            TokenWindows training = windows("the text to train on", text.training(), size, 1);
            TokenWindows validation =
                    windows("the text held out", text.validation(), size, size.contextLength());
            MemoryLimit.ofMachine()
                    .requireTraining(size, Math.min(config.batchSize(), training.size()));
            Baselines baselines = Baselines.of(text.training(), size.vocabSize());
            GptModel model = modelOptions.model(size, config.seed(), manager);
            RunDirectory run = RunDirectory.create(out);
            TrainingReport report = new TrainingReport(new Output(spec.commandLine().getOut()));
            report.begin(text, model, manager.getDevice());
            Checkpoint checkpoint = new Checkpoint(model, text.tokenizer(), run, config.steps());
            train(
                    Pretraining.builder()
                            .setModel(model)
                            .setManager(manager)
                            .setData(training, validation)
                            .optConfig(config),
                    config.steps(),
                    checkpoint,
                    new MetricsLog(run.metrics()),
                    new LossCurveFile(run.curve(), baselines));
            report.losses(checkpoint.loss(), baselines);
            GptModel best = ModelDirectory.load(run.path(), manager);
            TextGenerator generator = generator(best, text.tokenizer(), config.seed(), manager);
            report.sample(generator, SAMPLING, text.opening());
            report.files(run, text.opening());
        }
        return 0;
    }

    private static TokenWindows windows(String part, Tokens tokens, GptConfig size, int stride) {
        try {
            return TokenWindows.builder()
                    .setTokens(tokens)
                    .setContextLength(size.contextLength())
                    .optStride(stride)
                    .setSampling(new SeededShuffle(1, 0, false))
                    .build();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(part + ": " + e.getMessage(), e);
        }
    }

    private void train(Pretraining.Builder training, int steps, TrainingListener... listeners)
            throws IOException {
        Output output = new Output(spec.commandLine().getOut());
        boolean bar = Terminal.isInteractive();
        try (Autocast scope = precision.scope();
                ProgressMeter meter = bar ? new ProgressMeter(output, steps) : null) {
            TrainingListener progress = bar ? meter : new ProgressLines(output, steps);
            training.optListeners(inFront(progress, listeners)).build().run();
        }
    }

    private static TrainingListener[] inFront(TrainingListener first, TrainingListener[] others) {
        return Stream.concat(Stream.of(first), Stream.of(others)).toArray(TrainingListener[]::new);
    }

    private static TextGenerator generator(
            GptModel model, Tokenizer tokenizer, int seed, NDManager manager) {
        return TextGenerator.builder()
                .setModel(model)
                .setTokenizer(tokenizer)
                .setManager(manager)
                .optSampler(Sampler.random().topK(40).temperature(0.8))
                .optMaxNewTokens(SAMPLE_TOKENS)
                .optSeed(seed)
                .build();
    }
}
