package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.model.GptModel;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.text.Tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A model folder in memory.
 *
 * @param model the model
 * @param tokenizer its tokenizer
 */
record LoadedModel(GptModel model, Tokenizer tokenizer) {

    static LoadedModel load(Path directory, NDManager manager)
            throws IOException, MalformedModelException {
        requireFolder(directory);
        Tokenizer tokenizer = Tokenizer.load(directory);
        return new LoadedModel(ModelDirectory.load(directory, manager), tokenizer);
    }

    static void requireFolder(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new IllegalArgumentException(
                    "--model %s is no folder; name one that gpt train has left"
                            .formatted(directory));
        }
    }
}
