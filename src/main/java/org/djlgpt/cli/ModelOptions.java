package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.checkpoint.AdapterDirectory;
import org.djlgpt.checkpoint.ClassifierDirectory;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptConfigBuilder;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.model.LlamaConfig;
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

    private static final int LAYERS = 4;
    private static final int HEADS = 4;
    private static final int EMBEDDING_DIM = 128;
    private static final int CONTEXT_LENGTH = 64;

    @Option(
            names = "--init-from",
            paramLabel = "DIR",
            description =
                    "go on from the model in this folder, such as GPT-2's or a Llama's: its"
                            + " weights, sizes and tokenizer; sizes may then be left out, and the"
                            + " dropout may differ. Of an adapter it is the adapter that is trained"
                            + " on")
    private Path folder;

    /** What a model is built like. */
    enum Family {
        /** Learnt positions, norms that centre, GELU. */
        GPT2,
        /** Rotary positions, norms that only scale, a gate, keys that heads share. */
        LLAMA;

        private static Family of(GptConfig config) {
            return config instanceof Gpt2Config ? GPT2 : LLAMA;
        }
    }

    @Option(
            names = "--family",
            paramLabel = "gpt2|llama",
            description =
                    "what the model is built like: gpt2 has learnt positions, llama has rotary"
                            + " positions, a gate in the feed-forward network and keys that heads"
                            + " may share (default: gpt2, or that of --init-from)")
    private Family family;

    @Option(
            names = "--layers",
            paramLabel = "N",
            description = "transformer blocks (default: " + LAYERS + ")")
    private Integer numLayers;

    @Option(
            names = "--heads",
            paramLabel = "N",
            description =
                    "attention heads in a layer; must divide the embedding width (default: "
                            + HEADS
                            + ")")
    private Integer numHeads;

    @Option(
            names = "--kv-heads",
            paramLabel = "N",
            description =
                    "keys and values of a token, which groups of heads share; must divide the heads"
                            + " (llama only; default: as many as heads)")
    private Integer numKeyValueHeads;

    @Option(
            names = "--embedding-dim",
            paramLabel = "N",
            description = "width of a token inside the model (default: " + EMBEDDING_DIM + ")")
    private Integer embeddingDim;

    @Option(
            names = "--hidden-dim",
            paramLabel = "N",
            description =
                    "width inside a feed-forward network (default: 4 times the embedding width, for"
                            + " llama 8/3 of it, rounded up to a multiple of 32)")
    private Integer hiddenDim;

    @Option(
            names = "--context-length",
            paramLabel = "N",
            description = "tokens that the model sees at a time (default: " + CONTEXT_LENGTH + ")")
    private Integer contextLength;

    @Option(
            names = "--rope-base",
            paramLabel = "X",
            description =
                    "how much slower the last pair of a head turns with the position than the first"
                            + " (llama only; default: 10000)")
    private Double ropeBase;

    @Option(
            names = "--dropout",
            paramLabel = "P",
            description =
                    "probability, in [0, 1), that an element is dropped in training (default: 0, or"
                            + " what --init-from says)")
    private Float dropout;

    @Option(
            names = "--qkv-bias",
            description = "give the query, key and value layers a bias (gpt2 only)")
    private boolean qkvBias;

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
        return family == Family.LLAMA ? newLlama(vocabSize) : newGpt2(vocabSize);
    }

    private GptConfig newGpt2(int vocabSize) {
        requireOptionsOfGpt2();
        return sized(Gpt2Config.builder(), vocabSize)
                .optDropout(dropout == null ? 0 : dropout)
                .optQkvBias(qkvBias)
                .build();
    }

    private void requireOptionsOfGpt2() {
        requireNone("--kv-heads", numKeyValueHeads, "where every head has keys of its own");
        requireNone("--rope-base", ropeBase, "whose positions do not turn");
    }

    private static void requireNone(String option, Number given, String reason) {
        if (given != null) {
            throw new IllegalArgumentException(
                    "%s=%s is not for --family gpt2, %s; leave it out, or take --family llama"
                            .formatted(option, given, reason));
        }
    }

    private GptConfig newLlama(int vocabSize) {
        if (qkvBias) {
            throw new IllegalArgumentException(
                    "--qkv-bias is not for --family llama, which has none; leave it out, or take"
                            + " --family gpt2");
        }
        requireEvenHeads(orElse(embeddingDim, EMBEDDING_DIM), orElse(numHeads, HEADS));
        LlamaConfig.Builder builder =
                sized(LlamaConfig.builder(), vocabSize).optDropout(dropout == null ? 0 : dropout);
        if (numKeyValueHeads != null) {
            builder.optNumKeyValueHeads(numKeyValueHeads);
        }
        if (ropeBase != null) {
            builder.optRopeBase(ropeBase);
        }
        return builder.build();
    }

    /** The command has no option for the width of a head, which the library would name. */
    private static void requireEvenHeads(int width, int numHeads) {
        if (width > 0 && numHeads > 0 && width % numHeads == 0 && width / numHeads % 2 != 0) {
            throw new IllegalArgumentException(
                    ("--embedding-dim=%d gives each of --heads=%d a width of %d, which must be even"
                                    + " for rotary positions; use --embedding-dim=%d")
                            .formatted(width, numHeads, width / numHeads, width + numHeads));
        }
    }

    private <B extends GptConfigBuilder<B>> B sized(B builder, int vocabSize) {
        builder.setVocabSize(vocabSize)
                .setContextLength(orElse(contextLength, CONTEXT_LENGTH))
                .setEmbeddingDim(orElse(embeddingDim, EMBEDDING_DIM))
                .setNumHeads(orElse(numHeads, HEADS))
                .setNumLayers(orElse(numLayers, LAYERS));
        return hiddenDim == null ? builder : builder.optHiddenDim(hiddenDim);
    }

    private static int orElse(Integer given, int other) {
        return given == null ? other : given;
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
        requireSizesOf(stored);
        if (vocabSize > stored.vocabSize()) {
            throw new IllegalArgumentException(
                    ("--init-from %s has a tokenizer of %d ids, but its model knows %d; give it the"
                                    + " tokenizer it was trained with")
                            .formatted(folder, vocabSize, stored.vocabSize()));
        }
        return dropout == null ? stored : stored.withDropout(dropout);
    }

    private void requireSizesOf(GptConfig stored) {
        requireSame("--family", family, Family.of(stored));
        requireSame("--layers", numLayers, stored.numLayers());
        requireSame("--heads", numHeads, stored.numHeads());
        requireSame("--embedding-dim", embeddingDim, stored.embeddingDim());
        requireSame("--hidden-dim", hiddenDim, stored.hiddenDim());
        requireSame("--context-length", contextLength, stored.contextLength());
        boolean hasQkvBias;
        if (stored instanceof LlamaConfig llama) {
            requireSame("--kv-heads", numKeyValueHeads, llama.numKeyValueHeads());
            requireSame("--rope-base", ropeBase, llama.ropeBase());
            hasQkvBias = llama.relative() == LlamaConfig.Relative.QWEN2;
        } else {
            requireOptionsOfGpt2();
            hasQkvBias = ((Gpt2Config) stored).qkvBias();
        }
        if (qkvBias && !hasQkvBias) {
            throw new IllegalArgumentException(
                    "--qkv-bias contradicts the model of --init-from %s, which has none; leave it out"
                            .formatted(folder));
        }
    }

    private void requireSame(String option, Object given, Object stored) {
        if (given != null && !given.equals(stored)) {
            throw new IllegalArgumentException(
                    "%s=%s contradicts the model of --init-from %s, which has %s; leave it out"
                            .formatted(option, given, folder, stored));
        }
    }

    /** Returns the adapter to begin with, on its base. */
    GptTrunk adapted(GptTrunk base, NDManager manager) throws IOException, MalformedModelException {
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
