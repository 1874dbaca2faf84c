package org.djlgpt.cli;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.ModelFolder;
import org.djlgpt.cli.option.OutFolder;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.tuning.ChatTemplate;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

import java.io.IOException;
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

    @Mixin private OutFolder out;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        folder.requireAdapter();
        out.requireFree(folder.folders());
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            Optional<Tokenizer> tokenizer = folder.tokenizerIfAny();
            GptModel model = folder.model(manager);
            Optional<ChatTemplate> template = template();
            if (tokenizer.isPresent()) {
                ModelDirectory.save(model, tokenizer.get(), template.orElse(null), out.path());
            } else {
                ModelDirectory.save(model, out.path());
            }
            new Output(spec.commandLine().getOut())
                    .line(
                            "Model    %s, %,d parameters, the adapter among them",
                            out.path(), model.config().parameterCount());
        }
        return 0;
    }

    /** One that is not understood goes along with the tokenizer all the same. */
    private Optional<ChatTemplate> template() throws IOException, MalformedModelException {
        try {
            return ChatTemplate.find(folder.tokenizerFolder());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
