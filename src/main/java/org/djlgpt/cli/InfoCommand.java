package org.djlgpt.cli;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;

import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code gpt info}. */
@Command(
        name = "info",
        mixinStandardHelpOptions = true,
        description = "Shows a model's configuration, parameters and memory.")
final class InfoCommand implements Callable<Integer> {

    private static final double MIB = 1024 * 1024;
    private static final int FLOAT_BYTES = 4;
    private static final int TRAINING_COPIES = 4; // weights, gradients and AdamW's two moments

    @Option(names = "--model", paramLabel = "DIR", required = true, description = "a model folder")
    private Path directory;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        Output out = new Output(spec.commandLine().getOut());
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            LoadedModel loaded = LoadedModel.load(directory, manager);
            GptConfig config = loaded.model().config();
            out.line("vocabulary            %,d", config.vocabSize());
            out.line(
                    "tokenizer             %s, %,d ids",
                    loaded.tokenizer().getClass().getSimpleName(),
                    loaded.tokenizer().vocabSize());
            out.line("context length        %,d", config.contextLength());
            out.line("layers                %d", config.numLayers());
            out.line("heads                 %d", config.numHeads());
            out.line("embedding width       %,d", config.embeddingDim());
            out.line("dropout               %s", config.attentionDropout());
            out.line("qkv bias              %s", config instanceof Gpt2Config gpt2 && gpt2.qkvBias() ? "yes" : "no");
            out.line(
                    "output layer          %s",
                    config.tiedOutput() ? "tied to the token embedding" : "separate");
            out.text(System.lineSeparator());
            out.line("parameters            %,d", loaded.model().parameterCount());
            parts(loaded.model()).forEach((part, count) -> out.line("  %-20s%,d", part, count));
            out.text(System.lineSeparator());
            double weights = loaded.model().parameterCount() * FLOAT_BYTES / MIB;
            out.line("memory                %,.2f MiB for the weights in float32", weights);
            out.line(
                    "                      %,.2f MiB to train, activations not counted",
                    TRAINING_COPIES * weights);
        }
        return 0;
    }

    private static Map<String, Long> parts(GptModel model) {
        Map<String, Long> parts = new LinkedHashMap<>();
        for (Pair<String, Parameter> parameter : model.getParameters()) {
            parts.merge(
                    part(parameter.getKey()), parameter.getValue().getShape().size(), Long::sum);
        }
        return parts;
    }

    private static String part(String parameter) {
        for (String part :
                new String[] {
                    "token_embedding", "position_embedding", "attention", "feed_forward", "norm"
                }) {
            if (parameter.contains(part)) {
                return part.replace('_', ' ');
            }
        }
        return "output layer";
    }
}
