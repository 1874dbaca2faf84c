package org.djlgpt.cli.train;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.checkpoint.AdapterDirectory;
import org.djlgpt.checkpoint.ClassifierDirectory;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.cli.option.LoraOptions;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The model to train: a new one of some size, or that of a folder. */
final class ModelOptions {

    @Option(
            names = "--init-from",
            paramLabel = "DIR",
            description =
                    "go on from the model in this folder, such as GPT-2's or a Llama's: its"
                            + " weights, sizes and tokenizer; sizes may then be left out, and the"
                            + " dropout may differ. Of an adapter it is the adapter that is trained"
                            + " on")
    private Path folder;

    @Option(
            names = "--dropout",
            paramLabel = "P",
            description =
                    "probability, in [0, 1), that an element is dropped in training (default: 0, or"
                            + " what --init-from says)")
    private Float dropout;

    @Mixin private SizeOptions sizes;
    @Mixin private FreezeOption freeze;
    @Mixin private LoraOptions lora;

    /**
     * Returns the adapter to train instead of the whole model, if one is asked for.
     *
     * @throws IllegalArgumentException if there is nothing to put it on
     */
    Optional<LoraConfig> lora() {
        Optional<LoraConfig> config = lora.config();
        if (config.isPresent() && folder == null) {
            throw new IllegalArgumentException(
                    "--lora-rank=%d needs a model to adapt; give its folder with --init-from"
                            .formatted(config.get().rank()));
        }
        if (config.isPresent() && isAdapter()) {
            throw new IllegalArgumentException(
                    "--lora-rank=%d does not go with --init-from %s, an adapter that is trained on as it is; leave it out"
                            .formatted(config.get().rank(), folder));
        }
        if ((config.isPresent() || isAdapter()) && freeze.isGiven()) {
            throw new IllegalArgumentException(
                    "--freeze=%s does not go with an adapter, beside which all is frozen; leave it out"
                            .formatted(freeze.describe()));
        }
        return config;
    }

    /** Returns which parts of the model stay as they are. */
    FreezeOption freeze() {
        return freeze;
    }

    private boolean isAdapter() {
        return folder != null && AdapterDirectory.isAdapter(folder);
    }

    /** Returns whether an adapter is trained, and not the model. */
    boolean trainsAdapter() {
        return lora().isPresent() || isAdapter();
    }

    /** Returns the folder of the whole model to go on from; null for a new one. */
    Path base() throws IOException, MalformedModelException {
        if (!isAdapter()) {
            return folder;
        }
        try {
            return AdapterDirectory.baseFolder(folder);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "%s as base_model_name_or_path in its adapter_config.json, or merge both with gpt merge"
                            .formatted(e.getMessage()),
                    e);
        }
    }

    /** Returns the tokenizer of the folder to go on from, if there is one. */
    Optional<Tokenizer> tokenizer() throws IOException, MalformedModelException {
        return folder == null ? Optional.empty() : Optional.of(Tokenizer.load(tokenizerFolder()));
    }

    /**
     * Returns where the tokenizer to go on with is, and a chat template: in an adapter's folder, or
     * in that of its base if it has none; null for a new model.
     */
    Path tokenizerFolder() throws IOException, MalformedModelException {
        return isAdapter() && Tokenizer.find(folder).isPresent() ? folder : base();
    }

    /**
     * Refuses to put a classifier where the model lies that it begins with, and would go on from.
     */
    void requireOther(Path out) throws IOException {
        if (folder != null && Files.exists(out) && Files.isSameFile(out, folder)) {
            throw new IllegalArgumentException(
                    "--out %s is the model of --init-from, which a classifier would replace; name another folder"
                            .formatted(out));
        }
    }

    /**
     * Returns the size of the model.
     *
     * @throws IllegalArgumentException if it is none, or not that of the folder
     */
    GptConfig config(int vocabSize) throws IOException, MalformedModelException {
        if (folder != null) {
            return storedConfig(vocabSize);
        }
        return sizes.config(vocabSize, dropout == null ? 0 : dropout);
    }

    private GptConfig storedConfig(int vocabSize) throws IOException, MalformedModelException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(
                    "--init-from %s is no folder; name one with a model".formatted(folder));
        }
        if (ClassifierDirectory.isClassifier(base())) {
            throw new IllegalArgumentException(
                    "--init-from %s is a classifier, which writes no text; begin with the model that it was made of, or go on with its run by --resume"
                            .formatted(folder));
        }
        GptConfig stored = ModelDirectory.config(base());
        sizes.requireSame(stored, folder);
        if (vocabSize > stored.vocabSize()) {
            throw new IllegalArgumentException(
                    ("--init-from %s has a tokenizer of %d ids, but its model knows %d; give it the"
                                    + " tokenizer it was trained with")
                            .formatted(folder, vocabSize, stored.vocabSize()));
        }
        return dropout == null ? stored : stored.withDropout(dropout);
    }

    /** Returns what is trained: an adapter on a model, or the model but for what is frozen. */
    GptTrunk trained(GptTrunk model, TrainCommand.Precision precision, NDManager manager)
            throws IOException, MalformedModelException {
        if (trainsAdapter()) {
            precision.freeze(model);
            return adapted(model, manager);
        }
        freeze.apply(model);
        return model;
    }

    /** Returns the adapter to begin with, on its base. */
    private GptTrunk adapted(GptTrunk base, NDManager manager)
            throws IOException, MalformedModelException {
        if (!isAdapter()) {
            return Lora.adapt(base, lora().orElseThrow(), manager);
        }
        if (base instanceof GptModel whole) {
            return AdapterDirectory.load(folder, whole, manager);
        }
        throw new IllegalArgumentException(
                "--init-from %s is an adapter of a model that writes; merge them with gpt merge to begin a classifier with both"
                        .formatted(folder));
    }

    /** Returns the model to begin with. */
    GptModel model(GptConfig size, int seed, NDManager manager)
            throws IOException, MalformedModelException {
        Engine.getInstance().setRandomSeed(seed);
        if (folder != null) {
            return dropout == null
                    ? ModelDirectory.load(base(), manager)
                    : ModelDirectory.load(base(), dropout, manager);
        }
        GptModel model = new GptModel(size);
        model.initialize(manager, DataType.FLOAT32, new Shape(1, size.contextLength()));
        return model;
    }
}
