package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.ModelDirectory;
import org.djlgpt.nn.Initialization;
import org.djlgpt.text.SeededShuffle;
import org.djlgpt.text.TokenWindows;
import org.djlgpt.text.Tokens;
import org.djlgpt.training.Baselines;
import org.djlgpt.training.EvaluationReport;
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
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;

/** {@code gpt train}. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Trains a GPT on text and leaves a model folder.")
final class TrainCommand implements Callable<Integer> {

    private static final int SAMPLE_TOKENS = 400;

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
                            + " gpt2 for .bin)")
    private TokenizerKind tokenizer;

    @Mixin private ModelOptions modelOptions;
    @Mixin private TrainingOptions trainingOptions;
    @Mixin private DeviceOption device;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        TrainingConfig config = trainingOptions.config();
        modelOptions.config(1);
        try (NDManager manager = device.newManager()) {
            TrainingData text = TrainingData.read(data, tokenizer);
            GptConfig size = modelOptions.config(text.tokenizer().vocabSize());
            TokenWindows training = windows(text.training(), size, 1);
            TokenWindows validation = windows(text.validation(), size, size.contextLength());
            RunDirectory run = RunDirectory.create(out);
            text.tokenizer().save(run.path());
            Baselines baselines = Baselines.of(text.training(), size.vocabSize());
            GptModel model = newModel(size, config.seed(), manager);
            introduce(text, model, manager);
            double loss = train(model, manager, training, validation, config, run, baselines);
            conclude(loss, baselines, run, text, manager, config.seed());
        }
        return 0;
    }

    private static TokenWindows windows(Tokens tokens, GptConfig size, int stride) {
        return TokenWindows.builder()
                .setTokens(tokens)
                .setContextLength(size.contextLength())
                .optStride(stride)
                .setSampling(new SeededShuffle(1, 0, false))
                .build();
    }

    private static GptModel newModel(GptConfig size, int seed, NDManager manager) {
        GptModel model = new GptModel(size, Initialization.gpt2(size.numLayers()));
        Engine.getInstance().setRandomSeed(seed);
        model.initialize(manager, DataType.FLOAT32, new Shape(1, size.contextLength()));
        return model;
    }

    private void introduce(TrainingData text, GptModel model, NDManager manager) {
        GptConfig size = model.config();
        print(
                "Text    %s: %,d tokens to train on, %,d held out, %,d different ones",
                text.source(), text.training().size(), text.validation().size(), size.vocabSize());
        print(
                "Model   %d layers, %d heads, %d dimensions, context %d: %,d parameters on %s",
                size.numLayers(),
                size.numHeads(),
                size.embeddingDim(),
                size.contextLength(),
                model.parameterCount(),
                manager.getDevice());
    }

    private double train(
            GptModel model,
            NDManager manager,
            TokenWindows training,
            TokenWindows validation,
            TrainingConfig config,
            RunDirectory run,
            Baselines baselines)
            throws IOException {
        TrainingListener checkpoint =
                new TrainingListener() {
                    @Override
                    public void onEvaluation(EvaluationReport report) throws IOException {
                        if (report.best()) {
                            ModelDirectory.save(model, run.path());
                        }
                    }
                };
        boolean bar = Terminal.isInteractive();
        try (ProgressMeter meter = bar ? new ProgressMeter(printer(), config.steps()) : null) {
            return Pretraining.builder()
                    .setModel(model)
                    .setManager(manager)
                    .setData(training, validation)
                    .optConfig(config)
                    .optListeners(
                            bar ? meter : new ProgressLines(printer(), config.steps()),
                            checkpoint,
                            new MetricsLog(run.metrics()),
                            new LossCurveFile(run.curve(), baselines))
                    .build()
                    .run();
        }
    }

    private void conclude(
            double loss,
            Baselines baselines,
            RunDirectory run,
            TrainingData text,
            NDManager manager,
            int seed)
            throws IOException, MalformedModelException {
        print("");
        print("Loss    in nats per token, lower is better");
        print(
                "        %.4f  knowing nothing: every token equally likely (uniform)",
                baselines.uniform());
        print("        %.4f  knowing how often each token comes (unigram)", baselines.unigram());
        print(
                "        %.4f  this model on text that it has not seen, %.0f %% of unigram",
                loss, 100 * loss / baselines.unigram());
        GptModel best = ModelDirectory.load(run.path(), manager);
        String prompt = text.tokenizer().decode(firstTokens(text.validation()));
        print("");
        print("Sample  temperature 0.8, top-k 40");
        print("");
        printer().print(prompt);
        TextGenerator.builder()
                .setModel(best)
                .setTokenizer(text.tokenizer())
                .setManager(manager)
                .optSampler(Sampler.random().topK(40).temperature(0.8))
                .optMaxNewTokens(SAMPLE_TOKENS)
                .optSeed(seed)
                .build()
                .generate(prompt, this::stream);
        print("");
        print("");
        print("Model   %s", run.path());
        print("Curve   %s", run.curve());
        print("Metrics %s", run.metrics());
        print(
                "More    mvn -q compile exec:java -Dexec.args=\"generate --model %s --prompt"
                        + " 'public '\"",
                run.path());
    }

    private static int[] firstTokens(Tokens tokens) {
        int[] first = new int[8];
        tokens.read(0, first);
        return first;
    }

    private void stream(String piece) {
        printer().print(piece);
        printer().flush();
    }

    private void print(String format, Object... values) {
        printer().println(String.format(Locale.ROOT, format, values));
        printer().flush();
    }

    private PrintWriter printer() {
        return spec.commandLine().getOut();
    }
}
