package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;

import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.ChatOptions;
import org.djlgpt.cli.option.DeviceOption;
import org.djlgpt.cli.option.MemoryLimit;
import org.djlgpt.cli.option.ModelFolder;
import org.djlgpt.cli.option.PrecisionOption;
import org.djlgpt.cli.option.TextOptions;
import org.djlgpt.cli.option.TokenFiles;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.data.TrainingSet;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Checks;
import org.djlgpt.text.Corpus;
import org.djlgpt.text.CorpusEncoder;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.Evaluation;
import org.djlgpt.tuning.ChatTemplate;
import org.djlgpt.tuning.ExampleSet;
import org.djlgpt.tuning.ExampleSetBuilder;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** {@code gpt eval}. */
@Command(
        name = "eval",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures how well a model predicts a text, or the answers of examples.")
final class EvalCommand implements Callable<Integer> {

    @Mixin private ModelFolder folder;

    @Option(
            names = "--data",
            paramLabel = "PATH",
            description =
                    "a text file, also packed (.gz) or with a document under \"text\" in each line"
                            + " of JSON (.jsonl), a folder of them, or a token file (.bin); may be"
                            + " given several times; it or --examples is needed")
    private List<Path> data = List.of();

    @Option(
            names = "--examples",
            paramLabel = "FILE",
            description =
                    "examples whose answers count, as of train --examples; may be given several"
                            + " times")
    private List<Path> examples = List.of();

    @Option(
            names = "--chat-template",
            paramLabel = "NAME|FILE",
            description =
                    "how messages of --examples are written: alpaca, chatml, llama3, or a file in"
                            + " Jinja (default: as the model's folder says)")
    private String chatTemplate;

    @Mixin private TextOptions text;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "12",
            description = "windows in a forward pass (default: 12)")
    private int batchSize;

    @Mixin private PrecisionOption precision;
    @Mixin private DeviceOption device;
    @Spec private CommandSpec spec;

    private final List<String> remarks = new ArrayList<>();

    @Override
    public Integer call() throws IOException, MalformedModelException {
        Checks.requirePositive("batchSize", batchSize);
        TextOptions.requireNamed("--data", data);
        TextOptions.requireNamed("--examples", examples);
        requireOne();
        precision.check();
        try (NDManager manager = device.newManager()) {
            Tokenizer tokenizer = folder.tokenizer();
            GptModel model = folder.model(manager);
            if (!examples.isEmpty()) {
                answers(model, tokenizer, manager);
                return 0;
            }
            Tokens tokens = tokens(tokenizer);
            tokens.requireIdsBelow(model.config().vocabSize());
            TokenWindows windows = windows(tokens, model.config().contextLength());
            MemoryLimit.of(manager.getDevice())
                    .requireForward(model.config(), Math.min(batchSize, windows.size()));
            double loss = loss(model, windows, manager);
            report(loss, tokens, bytes(tokens, tokenizer), windows);
        }
        return 0;
    }

    private void requireOne() {
        if (data.isEmpty() == examples.isEmpty()) {
            throw new IllegalArgumentException(
                    data.isEmpty()
                            ? "--data is missing; give a text, or --examples"
                            : "--data and --examples do not go together; give one of them");
        }
        if (chatTemplate != null && examples.isEmpty()) {
            throw new IllegalArgumentException(
                    "--chat-template is for --examples; give them, or leave it out");
        }
    }

    private void answers(GptModel model, Tokenizer tokenizer, NDManager manager)
            throws IOException, MalformedModelException {
        Optional<ChatTemplate> template =
                ChatOptions.ofMessages(
                        chatTemplate,
                        folder.tokenizerFolder(),
                        tokenizer,
                        spec.commandLine().getErr());
        ExampleSetBuilder builder =
                ExampleSet.builder()
                        .setTokenizer(tokenizer)
                        .setContextLength(model.config().contextLength())
                        .optTemplate(template.orElse(null))
                        .optThreads(device.threads());
        examples.forEach(builder::addFile);
        ExampleSet set = builder.build();
        set.requireIdsBelow(model.config().vocabSize());
        double loss = loss(model, set, manager);
        Output out = new Output(spec.commandLine().getOut());
        out.line("loss           %.4f nats per token of the answers", loss);
        out.line("perplexity     %.3f", Math.exp(loss));
        out.line(
                "examples       %,d with %,d tokens, of which %,d count",
                set.size(), set.tokens(), set.learnedTokens());
        if (set.truncated() + set.dropped() > 0) {
            out.line(
                    "too long       %,d lose their end, %,d are left out",
                    set.truncated(), set.dropped());
        }
    }

    private double loss(GptModel model, TrainingSet set, NDManager manager) {
        double loss =
                new Evaluation(block(model, manager), manager, batchSize).loss(set, set.size());
        requireFinite(loss);
        return loss;
    }

    private Block block(GptModel model, NDManager manager) {
        return precision.isFloat32() ? model : precision.decoder(model, manager);
    }

    private Tokens tokens(Tokenizer tokenizer) throws IOException {
        for (Path path : data) {
            if (TokenFiles.isFolder(path)) {
                throw new IllegalArgumentException(
                        "--data %s is a folder of tokens; name one of its files, such as %s"
                                .formatted(path, path.resolve(TokenFiles.HELD_OUT)));
            }
        }
        List<Path> files = data.stream().filter(TokenFiles::isFile).toList();
        if (files.isEmpty()) {
            return textTokens(tokenizer);
        }
        if (files.size() < data.size()) {
            throw new IllegalArgumentException(
                    "--data %s has tokens, but others are text; give text only, or tokens only"
                            .formatted(files.get(0)));
        }
        Tokens ids = TokenFiles.join(files);
        if (TokenFiles.tokenizerBeside(files).isPresent()) {
            TokenFiles.requireMadeBy(tokenizer, files, ids);
        }
        return ids;
    }

    private Tokens textTokens(Tokenizer tokenizer) throws IOException {
        PrintWriter err = spec.commandLine().getErr();
        Corpus corpus = text.corpus(data, device.threads(), err);
        CorpusEncoder encoder =
                CorpusEncoder.builder()
                        .setCorpus(corpus)
                        .setTokenizer(TextOptions.leavingOutUnknown(tokenizer, corpus, err))
                        .optThreads(device.threads())
                        .build();
        Tokens tokens = TextOptions.isSmall(corpus.bytes()) ? encoder.tokens() : mapped(encoder);
        remarks.add(TextOptions.describe(corpus));
        if (encoder.specialTokens() > 0) {
            remarks.add(TextOptions.describeSpecialTokens(encoder.specialTokens(), tokenizer));
        }
        return tokens;
    }

    private String joined() {
        return data.stream().map(Path::toString).collect(Collectors.joining(", "));
    }

    private static Tokens mapped(CorpusEncoder encoder) throws IOException {
        Path file = Files.createTempFile("gpt-eval", ".bin");
        file.toFile().deleteOnExit();
        return TokenFile.write(file, encoder);
    }

    private TokenWindows windows(Tokens tokens, int contextLength) {
        if (tokens.size() < 2) {
            throw new IllegalArgumentException(
                    "--data %s has %d token, but needs 2 to predict one; give a longer text"
                            .formatted(joined(), tokens.size()));
        }
        long longest = Math.min(contextLength, tokens.size() - 1);
        return TokenWindows.builder().setTokens(tokens).setContextLength((int) longest).build();
    }

    private static long bytes(Tokens tokens, Tokenizer tokenizer) {
        long bytes = 0;
        for (int[] ids : tokens.chunks()) {
            bytes += tokenizer.decodeBytes(ids).length;
        }
        return bytes;
    }

    private void requireFinite(double loss) {
        if (!Double.isFinite(loss)) {
            throw new IllegalArgumentException(
                    ("the loss of --model %s is %s, but must be finite; its weights are damaged,"
                                    + " fetch or train it again")
                            .formatted(folder.path(), loss));
        }
    }

    private void report(double loss, Tokens tokens, long bytes, TokenWindows windows) {
        double bitsPerByte = loss / Math.log(2) * tokens.size() / bytes;
        Output out = new Output(spec.commandLine().getOut());
        out.line("loss           %.4f nats per token", loss);
        out.line("perplexity     %.3f", Math.exp(loss));
        out.line("bits per byte  %.4f", bitsPerByte);
        out.line(
                "tokens         %,d in %,d windows of %d (%,d bytes)",
                tokens.size(), windows.size(), windows.contextLength(), bytes);
        remarks.forEach(remark -> out.line("text           %s", remark));
    }
}
