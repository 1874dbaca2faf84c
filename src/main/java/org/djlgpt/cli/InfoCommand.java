package org.djlgpt.cli;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;

import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
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
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            LoadedModel loaded = LoadedModel.load(directory, manager);
            GptConfig config = loaded.model().config();
            print("vocabulary        %,d", config.vocabSize());
            print("tokenizer         %s", loaded.tokenizer().getClass().getSimpleName());
            print("context length    %,d", config.contextLength());
            print("layers            %d", config.numLayers());
            print("heads             %d", config.numHeads());
            print("embedding width   %,d", config.embeddingDim());
            print("dropout           %s", config.dropout());
            print("qkv bias          %s", config.qkvBias() ? "yes" : "no");
            print(
                    "output layer      %s",
                    config.tiedOutput() ? "tied to the token embedding" : "separate");
            print("");
            print("parameters        %,d", loaded.model().parameterCount());
            parts(loaded.model()).forEach((part, count) -> print("  %-16s%,d", part, count));
            print("");
            double weights = loaded.model().parameterCount() * FLOAT_BYTES / MIB;
            print("memory            %.1f MiB for the weights in float32", weights);
            print(
                    "                  %.1f MiB to train, activations not counted",
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

    private void print(String format, Object... values) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(String.format(Locale.ROOT, format, values));
        out.flush();
    }
}
