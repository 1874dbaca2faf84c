package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;

import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.console.Terminal;
import org.djlgpt.cli.option.ChatOptions;
import org.djlgpt.cli.option.DeviceOption;
import org.djlgpt.cli.option.GivenText;
import org.djlgpt.cli.option.ModelFolder;
import org.djlgpt.cli.option.PrecisionOption;
import org.djlgpt.cli.option.TextOptions;
import org.djlgpt.generation.Chat;
import org.djlgpt.generation.GenerationReport;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.nn.Checks;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.tuning.ChatTemplate;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/** {@code gpt generate}. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Continues a text, or talks with a model.")
final class GenerateCommand implements Callable<Integer> {

    private static final int PLACES = 32; // each takes the memory of its keys and values

    @Mixin private ModelFolder folder;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description =
                    "the text to continue, letter by letter; it or --prompt-file is needed unless"
                            + " --interactive is given")
    private String prompt;

    @Option(
            names = "--prompt-file",
            paramLabel = "FILE",
            description =
                    "a UTF-8 file with the text to continue, the line end at its end included; -"
                            + " for standard input")
    private Path promptFile;

    @Option(
            names = "--interactive",
            description =
                    "write in turn with the model: lines from the terminal, and its answers; a"
                            + " prompt may open it")
    private boolean interactive;

    @Option(
            names = "--max-new-tokens",
            paramLabel = "N",
            defaultValue = "500",
            description = "most tokens to write (default: 500)")
    private int maxNewTokens;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "how many texts to write from the prompt, up to "
                            + PLACES
                            + " of them side by side (default: 1)")
    private int samples;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "end before this text; may be given several times")
    private List<String> stop = List.of();

    @Mixin private ChatOptions chat;
    @Mixin private SamplingOptions sampling;

    @Mixin private DraftOptions draft;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "the same seed gives the same text (default: another text each time)")
    private Integer seed;

    @Mixin private PrecisionOption precision;
    @Mixin private DeviceOption device;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        GivenText given = new GivenText("--prompt", prompt, promptFile);
        requireUse(given);
        precision.check();
        Sampler sampler = sampling.sampler();
        String whole = given.isMissing() ? "" : given.read();
        Output out = new Output(spec.commandLine().getOut());
        try (NDManager manager = device.newManager()) {
            Tokenizer tokenizer = folder.tokenizer();
            Optional<ChatTemplate> template = chat.template(folder, interactive);
            requireOneAnswer(template);
            template.ifPresent(
                    t -> ChatOptions.warnOfSplitTokens(t, tokenizer, spec.commandLine().getErr()));
            String text = TextOptions.known(whole, tokenizer, spec.commandLine().getErr());
            Set<Integer> stopTokens = folder.stopTokens();
            TextGenerator.Builder builder =
                    TextGenerator.builder()
                            .setDecoder(folder.decoder(precision, manager))
                            .setTokenizer(tokenizer)
                            .setManager(manager)
                            .optSampler(sampler)
                            .optStopStrings(stop.toArray(String[]::new))
                            .optStopTokens(stopTokens.toArray(Integer[]::new))
                            .optMaxNewTokens(maxNewTokens)
                            .optPlaces(PLACES);
            builder.optDraft(draft.draft(tokenizer, precision, manager));
            TextGenerator generator = seeded(builder).build();
            if (template.isPresent()) {
                try (Chat talk = chat.start(generator, template.get())) {
                    converse(talk, text, out);
                }
            } else if (interactive) {
                Conversation.of(generator, Terminal.reader(System.in), out).run(text);
            } else {
                tokenizer.encode(text); // a bad prompt fails before any of it is printed
                write(generator, text, out);
            }
        }
        return 0;
    }

    private void converse(Chat talk, String text, Output out) throws IOException {
        if (interactive) {
            Conversation.of(talk, Terminal.reader(System.in), out).run(text);
            return;
        }
        Chat.Answer answer = talk.say(text, out::text);
        out.text(System.lineSeparator());
        report(answer.report());
    }

    private void requireOneAnswer(Optional<ChatTemplate> template) {
        if (template.isPresent() && samples > 1) {
            throw new IllegalArgumentException(
                    "--samples %d does not fit a chat, which has one answer; leave it out"
                            .formatted(samples));
        }
    }

    private void requireUse(GivenText given) {
        Checks.requirePositive("samples", samples);
        if (given.isMissing() && !interactive) {
            throw new IllegalArgumentException(
                    "--prompt is missing; give the text to continue, --prompt-file or"
                            + " --interactive");
        }
        if (given.isStandardInput() && interactive) {
            throw new IllegalArgumentException(
                    "--prompt-file - does not fit --interactive, which reads lines from there; name"
                            + " a file");
        }
        if (interactive && samples > 1) {
            throw new IllegalArgumentException(
                    "--samples %d does not fit --interactive, which goes on with one text; leave one"
                                    .formatted(samples)
                            + " of them out");
        }
    }

    /** Without a seed the engine starts anywhere and goes on from text to text. */
    private TextGenerator.Builder seeded(TextGenerator.Builder builder) {
        if (seed != null) {
            return builder.optSeed(seed);
        }
        Engine.getInstance().setRandomSeed((int) System.nanoTime());
        return builder;
    }

    private void write(TextGenerator generator, String text, Output out) {
        if (samples > 1) {
            several(generator, text, out);
            return;
        }
        out.text(text);
        GenerationReport report = generator.generate(text, out::text);
        out.text(System.lineSeparator());
        report(report);
    }

    private void report(GenerationReport report) {
        new Output(spec.commandLine().getErr())
                .line(
                        "prompt: %,d tokens, %,.0f tokens/s; first token after %,.3f s; %,d tokens"
                                + " in %.1f s, %,.0f tokens/s",
                        report.promptTokens(),
                        report.promptTokensPerSecond(),
                        report.secondsToFirstToken(),
                        report.newTokens(),
                        report.seconds(),
                        report.tokensPerSecond());
    }

    private void several(TextGenerator generator, String text, Output out) {
        AtomicInteger number = new AtomicInteger();
        generator.samples(
                text,
                samples,
                more -> {
                    out.line("--- %d of %d", number.incrementAndGet(), samples);
                    out.line("%s%s", text, more);
                });
    }
}
