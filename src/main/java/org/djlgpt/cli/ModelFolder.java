package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** The model that a command is about. */
final class ModelFolder {

    @Option(
            names = "--model",
            paramLabel = "DIR",
            required = true,
            description = "the model: a folder that gpt train has left, or one of Hugging Face")
    private Path path;

    Path path() {
        return path;
    }

    /**
     * Reads the tokenizer, which needs no memory worth mentioning; so it comes before the model.
     */
    Tokenizer tokenizer() throws IOException {
        requireFolder();
        return Tokenizer.load(path);
    }

    /** Reads the tokenizer, if there is one. */
    Optional<Tokenizer> tokenizerIfAny() throws IOException {
        requireFolder();
        return Tokenizer.find(path);
    }

    /** Reads the ids that end a text, besides the tokenizer's own. */
    Set<Integer> stopTokens() throws IOException, MalformedModelException {
        return ModelDirectory.stopTokens(path);
    }

    GptModel model(NDManager manager) throws IOException, MalformedModelException {
        requireFolder();
        return ModelDirectory.load(path, manager);
    }

    /** Reads the model for writing: in this precision, and in no other. */
    GptDecoder decoder(WeightPrecision precision, NDManager manager)
            throws IOException, MalformedModelException {
        requireFolder();
        return ModelDirectory.loadDecoder(path, precision, manager);
    }

    private void requireFolder() {
        if (!Files.isDirectory(path)) {
            throw new IllegalArgumentException(
                    "--model %s is no folder; name one that gpt train has left".formatted(path));
        }
    }
}
