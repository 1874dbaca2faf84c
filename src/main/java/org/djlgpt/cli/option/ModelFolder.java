package org.djlgpt.cli.option;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.AdapterDirectory;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The model that a command is about, with an adapter or without. */
public final class ModelFolder {

    @Option(
            names = "--model",
            paramLabel = "DIR",
            required = true,
            description =
                    "the model: a folder that gpt train has left, or one of Hugging Face; that of"
                            + " an adapter stands for the adapter on the base it names")
    private Path path;

    @Option(
            names = "--adapter",
            paramLabel = "DIR",
            description = "the folder of an adapter for the model, of gpt train or PEFT")
    private Path adapter;

    /** For picocli. */
    ModelFolder() {}

    /**
     * Returns the folder that was named.
     *
     * @return that of the model, or of an adapter
     */
    public Path path() {
        return path;
    }

    /**
     * Reads the tokenizer, which needs no memory worth mentioning; so it comes before the model.
     *
     * @return the tokenizer
     * @throws IllegalArgumentException if there is none, or the folder is none
     * @throws IOException if a file can't be read
     * @throws MalformedModelException if the adapter's file is malformed
     */
    public Tokenizer tokenizer() throws IOException, MalformedModelException {
        Optional<Tokenizer> tokenizer = tokenizerIfAny();
        return tokenizer.isPresent() ? tokenizer.get() : Tokenizer.load(base());
    }

    /**
     * Reads the tokenizer, if there is one: the adapter's own, or else the base's.
     *
     * @return the tokenizer; empty if there is none
     * @throws IllegalArgumentException if the folder is none
     * @throws IOException if a file can't be read
     * @throws MalformedModelException if the adapter's file is malformed
     */
    public Optional<Tokenizer> tokenizerIfAny() throws IOException, MalformedModelException {
        requireFolders();
        Optional<Path> ofAdapter = adapter();
        Optional<Tokenizer> own =
                ofAdapter.isPresent() ? Tokenizer.find(ofAdapter.get()) : Optional.empty();
        return own.isPresent() ? own : Tokenizer.find(base());
    }

    /**
     * Returns where the tokenizer is, and a chat template.
     *
     * @return the adapter's folder or the base's
     * @throws IllegalArgumentException if the folder is none
     * @throws IOException if a file can't be read
     * @throws MalformedModelException if the adapter's file is malformed
     */
    public Path tokenizerFolder() throws IOException, MalformedModelException {
        requireFolders();
        Optional<Path> ofAdapter = adapter();
        return ofAdapter.isPresent() && Tokenizer.find(ofAdapter.get()).isPresent()
                ? ofAdapter.get()
                : base();
    }

    /**
     * Reads the ids that end a text, besides the tokenizer's own.
     *
     * @return the ids
     * @throws IOException if a file can't be read
     * @throws MalformedModelException if a file is malformed
     */
    public Set<Integer> stopTokens() throws IOException, MalformedModelException {
        return ModelDirectory.stopTokens(base());
    }

    /**
     * Reads the model; one with an adapter is not merged.
     *
     * @param manager what its parameters live in
     * @return the model
     * @throws IllegalArgumentException if the folder is none
     * @throws IOException if a file can't be read
     * @throws MalformedModelException if a file is malformed, or the adapter does not fit
     */
    public GptModel model(NDManager manager) throws IOException, MalformedModelException {
        requireFolders();
        GptModel base = ModelDirectory.load(base(), manager);
        Optional<Path> ofAdapter = adapter();
        return ofAdapter.isPresent() ? AdapterDirectory.load(ofAdapter.get(), base, manager) : base;
    }

    /**
     * Reads the model for writing: in this precision, and in no other.
     *
     * @param precision what weights are kept in
     * @param manager what they live in
     * @return the model, ready to write
     * @throws IllegalArgumentException if the folder is none
     * @throws IOException if a file can't be read
     * @throws MalformedModelException if a file is malformed, or the adapter does not fit
     */
    public GptDecoder decoder(PrecisionOption precision, NDManager manager)
            throws IOException, MalformedModelException {
        if (precision.isFloat32()) {
            return precision.decoder(model(manager), manager);
        }
        try (NDManager loading = manager.newSubManager()) {
            return precision.decoder(model(loading), manager);
        }
    }

    /**
     * Refuses a model without an adapter.
     *
     * @throws IllegalArgumentException if it has none
     */
    public void requireAdapter() {
        requireFolders();
        if (adapter().isEmpty()) {
            throw new IllegalArgumentException(
                    "--model %s has no adapter; give one with --adapter".formatted(path));
        }
    }

    /**
     * Returns all folders that the model is in.
     *
     * @return that of the base, and that of an adapter
     * @throws IOException if a file can't be read
     * @throws MalformedModelException if the adapter's file is malformed
     */
    public List<Path> folders() throws IOException, MalformedModelException {
        return List.of(base(), adapter().orElse(path));
    }

    private Optional<Path> adapter() {
        boolean isAdapter = AdapterDirectory.isAdapter(path);
        return Optional.ofNullable(adapter == null && isAdapter ? path : adapter);
    }

    private Path base() throws IOException, MalformedModelException {
        if (adapter != null || !AdapterDirectory.isAdapter(path)) {
            return path;
        }
        try {
            return AdapterDirectory.baseFolder(path);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "%s with --model, and %s with --adapter".formatted(e.getMessage(), path), e);
        }
    }

    private void requireFolders() {
        if (!Files.isDirectory(path)) {
            throw new IllegalArgumentException(
                    "--model %s is no folder; name one that gpt train has left".formatted(path));
        }
        if (adapter != null && !Files.isDirectory(adapter)) {
            throw new IllegalArgumentException(
                    "--adapter %s is no folder; name one that gpt train --lora-rank has left"
                            .formatted(adapter));
        }
    }
}
