package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.generation.GenerationReport;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.nn.Checks;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;

/** {@code gpt generate}. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Continues a text.")
final class GenerateCommand implements Callable<Integer> {

    @Mixin private ModelFolder folder;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "the text to continue; needed unless --interactive is given")
    private String prompt;

    @Option(
            names = "--interactive",
            description = "write in turn with the model: lines from the terminal, and what follows")
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
            description = "how many texts to write from the prompt (default: 1)")
    private int samples;

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "end before this text; may be given several times")
    private List<String> stop = List.of();

    @Mixin private SamplingOptions sampling;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "the same seed gives the same text (default: another text each time)")
    private Integer seed;

    @Option(
            names = "--precision",
            paramLabel = "fp32|bf16|int8",
            defaultValue = "fp32",
            description = "what weights are kept in; fewer bytes are faster (default: fp32)")
    private WeightPrecision precision;

    @Mixin private DeviceOption device;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        requireUse();
        Sampler sampler = sampling.sampler();
        Output out = new Output(spec.commandLine().getOut());
        try (NDManager manager = device.newManager()) {
            Tokenizer tokenizer = folder.tokenizer();
            if (prompt != null) {
                prompt = TextOptions.known(prompt, tokenizer, spec.commandLine().getErr());
            }
            Set<Integer> stopTokens = folder.stopTokens();
            TextGenerator.Builder builder =
                    TextGenerator.builder()
                            .setDecoder(folder.decoder(precision, manager))
                            .setTokenizer(tokenizer)
                            .setManager(manager)
                            .optSampler(sampler)
                            .optStopStrings(stop.toArray(String[]::new))
                            .optStopTokens(stopTokens.toArray(Integer[]::new))
                            .optMaxNewTokens(maxNewTokens);
            TextGenerator generator =
                    builder.optSeed(seed == null ? (int) System.nanoTime() : seed).build();
            if (interactive) {
                converse(generator, out);
                return 0;
            }
            tokenizer.encode(prompt); // a bad prompt fails before any of it is printed
            if (samples == 1) {
                stream(generator, out);
            } else {
                several(generator, out);
            }
        }
        return 0;
    }

    private void requireUse() {
        Checks.requirePositive("samples", samples);
        if (prompt == null && !interactive) {
            throw new IllegalArgumentException(
                    "--prompt is missing; give the text to continue, or --interactive");
        }
        if (interactive && samples > 1) {
            throw new IllegalArgumentException(
                    "--samples %d does not fit --interactive, which goes on with one text; leave one"
                                    .formatted(samples)
                            + " of them out");
        }
    }

    private void converse(TextGenerator generator, Output out) throws IOException {
        new Conversation(generator, Terminal.reader(System.in), out)
                .run(prompt == null ? "" : prompt);
    }

    private void stream(TextGenerator generator, Output out) {
        out.text(prompt);
        GenerationReport report = generator.generate(prompt, out::text);
        out.text(System.lineSeparator());
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

    private void several(TextGenerator generator, Output out) {
        int number = 0;
        for (String text : generator.samples(prompt, samples)) {
            out.line("--- %d of %d", ++number, samples);
            out.line("%s%s", prompt, text);
        }
    }
}
