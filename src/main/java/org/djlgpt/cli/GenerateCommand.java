package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code gpt generate}. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Continues a text.")
final class GenerateCommand implements Callable<Integer> {

    @Option(names = "--model", paramLabel = "DIR", required = true, description = "a model folder")
    private Path directory;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            required = true,
            description = "the text to continue")
    private String prompt;

    @Option(
            names = "--max-new-tokens",
            paramLabel = "N",
            defaultValue = "500",
            description = "most tokens to write (default: 500)")
    private int maxNewTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            defaultValue = "0.8",
            description =
                    "below 1 safer, above 1 wilder, 0 always the likeliest token (default: 0.8)")
    private double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            description = "choose among the K likeliest tokens only (default: all)")
    private Integer topK;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "the same seed gives the same text (default: another text each time)")
    private Integer seed;

    @Mixin private DeviceOption device;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        Sampler sampler = sampler();
        Output out = new Output(spec.commandLine().getOut());
        try (NDManager manager = device.newManager()) {
            LoadedModel loaded = LoadedModel.load(directory, manager);
            TextGenerator generator =
                    TextGenerator.builder()
                            .setModel(loaded.model())
                            .setTokenizer(loaded.tokenizer())
                            .setManager(manager)
                            .optSampler(sampler)
                            .optMaxNewTokens(maxNewTokens)
                            .optSeed(seed == null ? (int) System.nanoTime() : seed)
                            .build();
            loaded.tokenizer().encode(prompt); // a bad prompt fails before any of it is printed
            out.text(prompt);
            long begin = System.nanoTime();
            int tokens = generator.generate(prompt, out::text);
            out.text(System.lineSeparator());
            report(tokens, (System.nanoTime() - begin) / 1e9);
        }
        return 0;
    }

    private Sampler sampler() {
        Sampler random = topK == null ? Sampler.random() : Sampler.random().topK(topK);
        return random.temperature(temperature);
    }

    private void report(int tokens, double seconds) {
        new Output(spec.commandLine().getErr())
                .line("%,d tokens in %.1f s, %,.0f tokens/s", tokens, seconds, tokens / seconds);
    }
}
