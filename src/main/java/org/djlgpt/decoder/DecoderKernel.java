package org.djlgpt.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;

import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.torch.Argument;
import org.djlgpt.torch.FloatType;
import org.djlgpt.torch.Recording;
import org.djlgpt.torch.TorchScript;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * All layers of a GPT as one function, for writing text: it computes what the blocks compute
 * without dropout, on the tokens that follow those whose keys and values it is given. Between the
 * operators of a step no time is lost in Java. Each family has a source of its own, {@code gpt2.py}
 * for instance, which gives names and shapes to the weights that its subclass lists.
 *
 * <p>Letters in shapes: B sequences, T new tokens, N tokens with those before, C tokens at most, H
 * heads and G keys and values of width D, E width of a token, V words of the vocabulary.
 */
abstract class DecoderKernel {

    private final GptConfig config;
    private final String family;
    private final FloatType type;
    private final Weight embedding;
    private final Weight head;
    private final List<NDArray> layers = new ArrayList<>();
    private final List<NDArray> projections = new ArrayList<>();
    private final List<NDArray> ends = new ArrayList<>();

    DecoderKernel(GptModel model, WeightConverter weights, String family) {
        config = model.config();
        this.family = family;
        type = weights.computesIn();
        embedding = weights.rows(model.tokenEmbedding().weight());
        head = weights.head(model.outputWeight(), config.tiedOutput(), embedding);
    }

    /** Compiled at the first use. */
    private static final class Script {
        static final TorchScript FUNCTIONS =
                TorchScript.of(DecoderKernel.class, "decoder", "gpt2", "llama");
    }

    static TorchScript script() {
        return Script.FUNCTIONS;
    }

    /**
     * Makes the function for a model.
     *
     * @param manager owns what is made of the model's parameters
     */
    static DecoderKernel of(
            GptModel model, WeightPrecision precision, LinearKernel kernel, NDManager manager) {
        WeightConverter weights = new WeightConverter(precision, kernel, manager);
        try (Recording off = Recording.off();
                NDScope scope = new NDScope()) {
            return model.config() instanceof LlamaConfig
                    ? new LlamaKernel(model, weights)
                    : new Gpt2Kernel(model, weights);
        }
    }

    /** Returns the rows of the embedding and their scales. */
    final Stream<NDArray> embedding() {
        return Stream.of(embedding.value(), embedding.scale());
    }

    /** Returns the weight of the output layer and its scales; a tied one may be the embedding. */
    final Stream<NDArray> head() {
        return Stream.of(head.value(), head.scale());
    }

    /** Returns what stands in for a vector that is not there: an array that is none. */
    final NDArray none() {
        return embedding.value();
    }

    /** Adds to the weights of all layers, in the order in which the family's source names them. */
    final void addToLayers(Stream<NDArray> weights) {
        weights.forEach(layers::add);
    }

    /** Adds weight, bias and scale of what makes queries, keys and values. */
    final void addToProjections(Stream<NDArray> weights) {
        weights.forEach(projections::add);
    }

    /** Adds to what stands before and behind the layers, in the order of the family's source. */
    final void addToEnds(Stream<NDArray> weights) {
        weights.forEach(ends::add);
    }

    /** What the family's functions take in addition, for tokens up to a position. */
    abstract Stream<Object> settings(int positions);

    /**
     * Computes logits, and writes the keys and values of the tokens into caches. Nothing is
     * recorded for a backward pass.
     *
     * @param tokens token ids (B, T) of type INT64
     * @param start the number of tokens that the caches hold; T more must fit
     * @param padding the number of tokens (B) to leave out at the start of each sequence, INT64, or
     *     null for none; positions count from there
     * @param count of how many tokens, the last ones, logits are wanted, from 1 to T
     * @param caches the keys and values (2, B, G, C, D) of each layer
     * @return logits (B, count, V), float32
     * @throws IllegalArgumentException if an array is closed, of another engine or of a wrong
     *     shape, or the caches are full
     */
    NDArray logits(
            NDArray tokens, int start, NDArray padding, int count, List<? extends NDArray> caches) {
        String function = "decode_" + family;
        Argument ids = Argument.of(function, "tokens", tokens).rank(2).type(DataType.INT64);
        List<PtNDArray> pads =
                padding == null
                        ? List.of()
                        : List.of(
                                Argument.of(function, "padding", padding)
                                        .type(DataType.INT64)
                                        .shape(ids.size(0))
                                        .array());
        Stream<Object> arguments =
                Stream.of(
                        ids.array(),
                        (long) start,
                        pads,
                        (long) count,
                        type.code(),
                        open("layers", layers),
                        open("projections", projections),
                        open("ends", ends),
                        caches(function, caches, ids, start));
        try (Recording off = Recording.off()) {
            int positions = start + (int) ids.size(1);
            return script().call(function, with(arguments, settings(positions)));
        }
    }

    /**
     * Computes what follows a past that the caller keeps, and returns the past that includes it.
     * Nothing is changed, and nothing is recorded for a backward pass.
     *
     * @param tokens token ids (B, T) of type INT64
     * @param positions the position (B, T) of each, INT64, from 0 to C - 1
     * @param attended a mask (B, N), INT64, zero for keys that are padding
     * @param past keys and values (B, G, N - T, D) in turn, layer by layer, float32; none if N = T
     * @return logits (B, T, V), the states (B, T, E) behind them, and keys and values (B, G, N, D)
     *     in turn, all float32
     * @throws IllegalArgumentException if an array is closed, of another engine, or of a wrong
     *     shape or type, or the past has another number of arrays
     */
    NDList extend(
            NDArray tokens, NDArray positions, NDArray attended, List<? extends NDArray> past) {
        String function = "extend_" + family;
        Argument ids = Argument.of(function, "tokens", tokens).rank(2).type(DataType.INT64);
        Argument places = Argument.of(function, "positions", positions).sameAs(ids);
        Argument mask = Argument.of(function, "attended", attended).rank(2).like(ids);
        mask.room(1, 0, ids.size(1)).shape(ids.size(0), mask.size(1));
        long[] cache = {2, ids.size(0), config.numKeyValueHeads(), mask.size(1), config.headDim()};
        Stream<Object> arguments =
                Stream.of(
                        ids.array(),
                        places.array(),
                        mask.array(),
                        cache,
                        type.code(),
                        open("layers", layers),
                        open("projections", projections),
                        open("ends", ends),
                        past(function, past, ids, mask.size(1) - ids.size(1)));
        try (Recording off = Recording.off()) {
            Stream<Object> settings = settings(config.contextLength());
            return script().callForList(function, with(arguments, settings));
        }
    }

    private static Object[] with(Stream<Object> arguments, Stream<Object> settings) {
        return Stream.concat(arguments, settings).toArray();
    }

    private List<PtNDArray> past(
            String function, List<? extends NDArray> past, Argument tokens, long length) {
        int arrays = length == 0 ? 0 : 2 * config.numLayers();
        if (past.size() != arrays) {
            throw new IllegalArgumentException(
                    ("%s: past has %d arrays, but must have %d for %d tokens, keys and values of"
                                    + " each layer")
                            .formatted(function, past.size(), arrays, length));
        }
        List<PtNDArray> open = new ArrayList<>(arrays);
        for (NDArray array : past) {
            Argument argument = Argument.of(function, "past", array).type(DataType.FLOAT32);
            argument.shape(tokens.size(0), config.numKeyValueHeads(), length, config.headDim())
                    .onDeviceOf(tokens);
            open.add(argument.array());
        }
        return open;
    }

    final List<PtNDArray> open(String name, List<? extends NDArray> arrays) {
        List<PtNDArray> open = new ArrayList<>(arrays.size());
        for (NDArray array : arrays) {
            open.add(Argument.of(family, name, array).array());
        }
        return open;
    }

    private List<PtNDArray> caches(
            String function, List<? extends NDArray> caches, Argument tokens, int start) {
        List<PtNDArray> open = new ArrayList<>(caches.size());
        for (NDArray cache : caches) {
            Argument argument = Argument.of(function, "caches", cache).rank(5).anyFloatingPoint();
            argument.room(3, start, tokens.size(1))
                    .shape(
                            2,
                            tokens.size(0),
                            config.numKeyValueHeads(),
                            argument.size(3),
                            config.headDim());
            open.add(argument.array());
        }
        return open;
    }
}
