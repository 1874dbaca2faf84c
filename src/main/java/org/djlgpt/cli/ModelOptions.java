package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The model to train: a new one of some size, or that of a folder. */
final class ModelOptions {

    private static final int LAYERS = 4;
    private static final int HEADS = 4;
    private static final int EMBEDDING_DIM = 128;
    private static final int CONTEXT_LENGTH = 64;

    @Option(
            names = "--init-from",
            paramLabel = "DIR",
            description =
                    "go on from the model in this folder, such as GPT-2's: its weights, sizes and"
                            + " tokenizer; sizes may then be left out, and the dropout may differ")
    private Path folder;

    @Option(
            names = "--layers",
            paramLabel = "N",
            description = "transformer blocks (default: " + LAYERS + ")")
    private Integer layers;

    @Option(
            names = "--heads",
            paramLabel = "N",
            description =
                    "attention heads in a layer; must divide the embedding width (default: "
                            + HEADS
                            + ")")
    private Integer heads;

    @Option(
            names = "--embedding-dim",
            paramLabel = "N",
            description = "width of a token inside the model (default: " + EMBEDDING_DIM + ")")
    private Integer embeddingDim;

    @Option(
            names = "--context-length",
            paramLabel = "N",
            description = "tokens that the model sees at a time (default: " + CONTEXT_LENGTH + ")")
    private Integer contextLength;

    @Option(
            names = "--dropout",
            paramLabel = "P",
            description =
                    "probability, in [0, 1), that an element is dropped in training (default: 0, or"
                            + " what --init-from says)")
    private Float dropout;

    @Option(names = "--qkv-bias", description = "give the query, key and value layers a bias")
    private boolean qkvBias;

    /** Returns the tokenizer of the folder; null if there is none to go on from. */
    Tokenizer tokenizer() throws IOException {
        return folder == null ? null : Tokenizer.load(folder);
    }

    /**
     * Returns the size of the model.
     *
     * @throws IllegalArgumentException if it is none, or not that of the folder
     */
    GptConfig config(int vocabSize) throws IOException, MalformedModelException {
        return folder == null ? newConfig(vocabSize) : storedConfig(vocabSize);
    }

    private GptConfig newConfig(int vocabSize) {
        return Gpt2Config.builder()
                .setVocabSize(vocabSize)
                .setContextLength(orElse(contextLength, CONTEXT_LENGTH))
                .setEmbeddingDim(orElse(embeddingDim, EMBEDDING_DIM))
                .setNumHeads(orElse(heads, HEADS))
                .setNumLayers(orElse(layers, LAYERS))
                .optDropout(dropout == null ? 0 : dropout)
                .optQkvBias(qkvBias)
                .build();
    }

    private static int orElse(Integer given, int other) {
        return given == null ? other : given;
    }

    private GptConfig storedConfig(int vocabSize) throws IOException, MalformedModelException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(
                    "--init-from %s is no folder; name one with a GPT-2 model".formatted(folder));
        }
        GptConfig stored = ModelDirectory.config(folder);
        requireSame("--layers", layers, stored.numLayers());
        requireSame("--heads", heads, stored.numHeads());
        requireSame("--embedding-dim", embeddingDim, stored.embeddingDim());
        requireSame("--context-length", contextLength, stored.contextLength());
        if (qkvBias && !(stored instanceof Gpt2Config gpt2 && gpt2.qkvBias())) {
            throw new IllegalArgumentException(
                    "--qkv-bias contradicts the model of --init-from %s, which has none; leave it out"
                            .formatted(folder));
        }
        if (vocabSize > stored.vocabSize()) {
            throw new IllegalArgumentException(
                    ("--init-from %s has a tokenizer of %d ids, but its model knows %d; give it the"
                                    + " tokenizer it was trained with")
                            .formatted(folder, vocabSize, stored.vocabSize()));
        }
        return dropout == null ? stored : stored.withDropout(dropout);
    }

    private void requireSame(String option, Integer given, int stored) {
        if (given != null && given != stored) {
            throw new IllegalArgumentException(
                    "%s=%d contradicts the model of --init-from %s, which has %d; leave it out"
                            .formatted(option, given, folder, stored));
        }
    }

    /** Returns the model to begin with. */
    GptModel model(GptConfig size, int seed, NDManager manager)
            throws IOException, MalformedModelException {
        Engine.getInstance().setRandomSeed(seed);
        if (folder != null) {
            return dropout == null
                    ? ModelDirectory.load(folder, manager)
                    : ModelDirectory.load(folder, dropout, manager);
        }
        GptModel model = new GptModel(size);
        model.initialize(manager, DataType.FLOAT32, new Shape(1, size.contextLength()));
        return model;
    }
}
