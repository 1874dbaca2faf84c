package org.djlgpt.cli;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;

import org.djlgpt.attention.RotaryEmbedding;
import org.djlgpt.checkpoint.ClassifierDirectory;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.LoraOptions;
import org.djlgpt.cli.option.ModelFolder;
import org.djlgpt.cli.option.TokenizerOption;
import org.djlgpt.decoder.KernelChoice;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.model.LlamaConfig.Relative;
import org.djlgpt.model.Lora;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.model.TransformerBlock;
import org.djlgpt.nn.Functional;
import org.djlgpt.nn.LoraConfig;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;

/** {@code gpt info}. */
@Command(
        name = "info",
        mixinStandardHelpOptions = true,
        description = "Shows a model's configuration, parameters and memory.")
final class InfoCommand implements Callable<Integer> {

    private static final double MIB = 1024 * 1024;

    @Mixin private ModelFolder folder;

    @Option(
            names = "--precision",
            paramLabel = "fp32|bf16|fp16|int8|int4",
            description = "also show how weights kept in this are multiplied on this processor")
    private WeightPrecision precision;

    @Spec private CommandSpec spec;

    private Output out;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        out = new Output(spec.commandLine().getOut());
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            String tokenizer =
                    folder.tokenizerIfAny().map(TokenizerOption::name).orElse("none in the folder");
            boolean labels = ClassifierDirectory.isClassifier(folder.path());
            GptTrunk model =
                    labels
                            ? ClassifierDirectory.load(folder.path(), manager)
                            : folder.model(manager);
            GptConfig config = model.config();
            out.line("family                %s", family(config));
            out.line("vocabulary            %,d", config.vocabSize());
            out.line("tokenizer             %s", tokenizer);
            out.line("context length        %,d", config.contextLength());
            out.line("layers                %d", config.numLayers());
            out.line("heads                 %d", config.numHeads());
            out.line("embedding width       %,d", config.embeddingDim());
            out.line("feed-forward width    %,d", config.hiddenDim());
            if (config instanceof LlamaConfig llama) {
                describe(llama);
            } else {
                describe((Gpt2Config) config);
            }
            describeHead(model);
            out.text(System.lineSeparator());
            long parameters = labels ? model.parameterCount() : config.parameterCount();
            out.line("parameters            %,d", parameters);
            parts(model).forEach((part, count) -> out.line("  %-20s%,d", part, count));
            out.text(System.lineSeparator());
            long trained = parameters;
            Optional<LoraConfig> lora = Lora.config(model);
            if (lora.isPresent()) {
                trained = Lora.parameterCount(config, lora.get());
                out.line("adapter               %s", LoraOptions.describe(lora.get()));
                out.line(
                        "  trained             %,d, %.2f %% of the parameters; the others are"
                                + " frozen",
                        trained, 100.0 * trained / parameters);
                out.text(System.lineSeparator());
            }
            out.line(
                    "memory                %,.2f MiB for the weights in float32",
                    Float.BYTES * (parameters + (lora.isPresent() ? trained : 0)) / MIB);
            out.line(
                    "                      %,.2f MiB to train, activations not counted",
                    Float.BYTES * (parameters + 3.0 * trained) / MIB);
            if (precision != null) {
                out.line("kernel                %s", KernelChoice.of(config, precision, manager));
            }
        }
        return 0;
    }

    private void describeHead(GptTrunk model) {
        if (model instanceof SequenceClassifier classifier) {
            OptionalInt pad = classifier.padTokenId();
            out.line("labels                %s", String.join(", ", classifier.labels()));
            out.line(
                    "padding id            %s",
                    pad.isPresent() ? pad.getAsInt() : "none: one text at a time");
        } else {
            boolean tied = model.config().tiedOutput();
            out.line("output layer          %s", tied ? "tied to the token embedding" : "separate");
        }
    }

    private static String family(GptConfig config) {
        if (config instanceof LlamaConfig llama) {
            String name = llama.relative().name();
            return name.charAt(0) + lower(name.substring(1));
        }
        return "GPT-2";
    }

    private void describe(Gpt2Config config) {
        out.line("positions             learnt");
        out.line("norm                  centres and scales, epsilon %s", config.normEpsilon());
        out.line("feed-forward          %s", lower(config.activation().name()));
        out.line("dropout               %s", dropout(config));
        out.line("qkv bias              %s", config.qkvBias() ? "yes" : "no");
        if (!config.bias()) {
            out.line("other biases          no");
        }
    }

    private static String dropout(Gpt2Config config) {
        float attention = config.attentionDropout();
        return config.embeddingDropout() == attention && config.residualDropout() == attention
                ? String.valueOf(attention)
                : "embedding %s, attention %s, residual %s"
                        .formatted(config.embeddingDropout(), attention, config.residualDropout());
    }

    private void describe(LlamaConfig config) {
        out.line("head width            %d", config.headDim());
        out.line("key/value heads       %d", config.numKeyValueHeads());
        if (config.relative() == Relative.QWEN3) {
            out.line("query/key norm        yes");
        }
        out.line("positions             rotary, base %,.0f%s", config.ropeBase(), scaling(config));
        if (config.slidingWindow() != Functional.NO_WINDOW) {
            out.line("sliding window        %,d", config.slidingWindow());
        }
        out.line("norm                  scales only, epsilon %s", config.normEpsilon());
        out.line("feed-forward          gated, silu");
        out.line("dropout               %s", config.attentionDropout());
        out.line("qkv bias              %s", config.relative() == Relative.QWEN2 ? "yes" : "no");
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    private static String scaling(LlamaConfig config) {
        if (config.ropeScaling() instanceof RotaryEmbedding.Scaling.Linear linear) {
            return ", %s times slower".formatted(linear.factor());
        }
        if (config.ropeScaling() instanceof RotaryEmbedding.Scaling.Llama3 llama3) {
            return ", slow pairs %s times slower".formatted(llama3.factor());
        }
        return "";
    }

    private static Map<String, Long> parts(GptTrunk model) {
        Map<String, Long> parts = new LinkedHashMap<>();
        parts.put("token embedding", count(model.tokenEmbedding()));
        model.positions().ifPresent(p -> parts.put("position embedding", count(p)));
        for (TransformerBlock block : model.blocks()) {
            parts.merge("attention", count(block.attention()), Long::sum);
            parts.merge("feed forward", count(block.feedForward()), Long::sum);
            parts.merge("norm", count(block.norm1()) + count(block.norm2()), Long::sum);
        }
        parts.merge("norm", count(model.finalNorm()), Long::sum);
        if (model instanceof SequenceClassifier classifier) {
            parts.put("head", count(classifier.score()));
        } else if (model instanceof GptModel gpt && !gpt.config().tiedOutput()) {
            parts.put("output layer", gpt.outputWeight().getShape().size());
        }
        return parts;
    }

    private static long count(Block part) {
        return part.getParameters().values().stream().mapToLong(p -> p.getShape().size()).sum();
    }
}
