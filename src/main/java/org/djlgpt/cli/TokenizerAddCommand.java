package org.djlgpt.cli;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.OutFolder;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code gpt tokenizer add}. */
@Command(
        name = "add",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Adds special tokens to a model and its tokenizer, such as those of a chat"
                        + " template, before it is trained on them. Each starts as the mean of all"
                        + " tokens.")
final class TokenizerAddCommand implements Callable<Integer> {

    @Option(
            names = "--model",
            paramLabel = "DIR",
            required = true,
            description = "the model: a folder that gpt train has left, or one of Hugging Face")
    private Path model;

    @Option(
            names = "--special-token",
            paramLabel = "TEXT",
            required = true,
            description = "a token that no text spells; may be given several times")
    private List<String> specialTokens;

    @Mixin private OutFolder out;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        out.requireFree(List.of(model));
        Tokenizer tokenizer = Tokenizer.load(model).withSpecialTokens(specialTokens);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            GptModel before = ModelDirectory.load(model, manager);
            int vocabSize = Math.max(before.config().vocabSize(), tokenizer.vocabSize());
            GptModel grown = before.withVocabSize(vocabSize, manager);
            ModelDirectory.save(grown, tokenizer, out.path());
        }
        Output output = new Output(spec.commandLine().getOut());
        for (String token : specialTokens) {
            output.line("Token    %s, id %d", token, tokenizer.encodeWithSpecialTokens(token)[0]);
        }
        output.line("Model    %s", out.path());
        return 0;
    }
}
