package org.djlgpt.cli;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.ModelFolder;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code gpt merge}. */
@Command(
        name = "merge",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Makes a whole model of a model and an adapter.")
final class MergeCommand implements Callable<Integer> {

    @Mixin private ModelFolder folder;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "where the model goes; one that lies there is replaced")
    private Path out;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        folder.requireAdapter();
        folder.requireOther(out);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            Optional<Tokenizer> tokenizer = folder.tokenizerIfAny();
            GptModel model = folder.model(manager);
            if (tokenizer.isPresent()) {
                ModelDirectory.save(model, tokenizer.get(), out);
            } else {
                ModelDirectory.save(model, out);
            }
            new Output(spec.commandLine().getOut())
                    .line(
                            "Model    %s, %,d parameters, the adapter among them",
                            out, model.config().parameterCount());
        }
        return 0;
    }
}
