package org.djlgpt.cli.train;

import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptConfigBuilder;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.nn.ActivationFunction;

import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.Locale;

/** What a model is built like, and how large. */
final class SizeOptions {

    private static final int LAYERS = 4;
    private static final int HEADS = 4;
    private static final int EMBEDDING_DIM = 128;
    private static final int CONTEXT_LENGTH = 64;

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
            names = "--activation",
            paramLabel = "gelu_tanh|gelu|relu|silu",
            description =
                    "what stands between the layers of a feed-forward network: GPT-2's"
                            + " approximation of GELU, GELU itself, as in nanoGPT, ReLU or SiLU"
                            + " (gpt2 only; default: gelu_tanh, or that of --init-from)")
    private ActivationFunction activation;

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
            names = "--qkv-bias",
            description = "give the query, key and value layers a bias (gpt2 only)")
    private boolean qkvBias;

    /** Returns the size of a new model. */
    GptConfig config(int vocabSize, float dropout) {
        return family == Family.LLAMA ? newLlama(vocabSize, dropout) : newGpt2(vocabSize, dropout);
    }

    private GptConfig newGpt2(int vocabSize, float dropout) {
        requireOptionsOfGpt2();
        Gpt2Config.Builder builder =
                sized(Gpt2Config.builder(), vocabSize).optDropout(dropout).optQkvBias(qkvBias);
        if (activation != null) {
            builder.optActivation(activation);
        }
        return builder.build();
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

    private void requireNoActivation() {
        if (activation != null) {
            throw new IllegalArgumentException(
                    "--activation=%s is not for --family llama, which has a gate with SiLU; leave it out"
                            .formatted(named(activation)));
        }
    }

    private static String named(ActivationFunction activation) {
        return activation == null ? null : activation.name().toLowerCase(Locale.ROOT);
    }

    private GptConfig newLlama(int vocabSize, float dropout) {
        if (qkvBias) {
            throw new IllegalArgumentException(
                    "--qkv-bias is not for --family llama, which has none; leave it out, or take"
                            + " --family gpt2");
        }
        requireNoActivation();
        requireEvenHeads(orElse(embeddingDim, EMBEDDING_DIM), orElse(numHeads, HEADS));
        LlamaConfig.Builder builder = sized(LlamaConfig.builder(), vocabSize).optDropout(dropout);
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

    /**
     * Refuses sizes that a model does not have.
     *
     * @param folder where it is, for messages
     */
    void requireSame(GptConfig stored, Path folder) {
        requireSame(folder, "--family", family, Family.of(stored));
        requireSame(folder, "--layers", numLayers, stored.numLayers());
        requireSame(folder, "--heads", numHeads, stored.numHeads());
        requireSame(folder, "--embedding-dim", embeddingDim, stored.embeddingDim());
        requireSame(folder, "--hidden-dim", hiddenDim, stored.hiddenDim());
        requireSame(folder, "--context-length", contextLength, stored.contextLength());
        boolean hasQkvBias;
        if (stored instanceof LlamaConfig llama) {
            requireNoActivation();
            requireSame(folder, "--kv-heads", numKeyValueHeads, llama.numKeyValueHeads());
            requireSame(folder, "--rope-base", ropeBase, llama.ropeBase());
            hasQkvBias = llama.relative() == LlamaConfig.Relative.QWEN2;
        } else {
            requireOptionsOfGpt2();
            Gpt2Config gpt2 = (Gpt2Config) stored;
            requireSame(folder, "--activation", named(activation), named(gpt2.activation()));
            hasQkvBias = gpt2.qkvBias();
        }
        if (qkvBias && !hasQkvBias) {
            throw new IllegalArgumentException(
                    "--qkv-bias contradicts the model of --init-from %s, which has none; leave it out"
                            .formatted(folder));
        }
    }

    private static void requireSame(Path folder, String option, Object given, Object stored) {
        if (given != null && !given.equals(stored)) {
            throw new IllegalArgumentException(
                    "%s=%s contradicts the model of --init-from %s, which has %s; leave it out"
                            .formatted(option, given, folder, stored));
        }
    }
}
