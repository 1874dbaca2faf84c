package org.djlgpt.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * All layers of a GPT as one function, for writing text: it computes what the blocks compute
 * without dropout, on the tokens that follow those whose keys and values it is given. Between the
 * operators of a step no time is lost in Java.
 *
 * <p>Letters in shapes: B sequences, T new tokens, C tokens at most, H heads of width D, E = H D, V
 * words of the vocabulary.
 */
public final class DecoderKernel {

    /**
     * A linear layer.
     *
     * @param weight the weight (out, in)
     * @param bias the bias (out), float32 beside a float32 weight and else bfloat16; null for none
     */
    public record Affine(Weight weight, NDArray bias) {

        private Stream<NDArray> arrays() {
            return Stream.of(weight.value(), bias == null ? weight.value() : bias);
        }
    }

    /**
     * A layer normalization.
     *
     * @param scale the scale (E), float32
     * @param shift the shift (E), float32
     */
    public record Norm(NDArray scale, NDArray shift) {

        private Stream<NDArray> arrays() {
            return Stream.of(scale, shift);
        }
    }

    /**
     * A transformer block.
     *
     * @param norm1 the norm in front of attention
     * @param projections the layers that make queries, keys and values: three float32 ones (E, E),
     *     or one (3 E, E)
     * @param output the projection (E, E) of all heads' results
     * @param norm2 the norm in front of the feed-forward network
     * @param up its first layer (4 E, E)
     * @param down its second layer (E, 4 E)
     */
    public record Layer(
            Norm norm1,
            List<Affine> projections,
            Affine output,
            Norm norm2,
            Affine up,
            Affine down) {

        private Stream<NDArray> arrays() {
            return Stream.of(
                            norm1.arrays(),
                            output.arrays(),
                            norm2.arrays(),
                            up.arrays(),
                            down.arrays(),
                            projections.stream().flatMap(Affine::arrays))
                    .flatMap(arrays -> arrays);
        }

        private Stream<NDArray> scales() {
            return Stream.of(output, up, down, projections.get(0)).map(p -> p.weight.scale());
        }
    }

    private static final long FLOAT32 = 6; // torch.float32 in TorchScript
    private static final long BFLOAT16 = 15; // torch.bfloat16

    private final int numHeads;
    private final int numLayers;
    private final List<NDArray> layers;
    private final List<NDArray> scales;
    private final List<NDArray> ends;

    /**
     * Makes the function for given weights, which stay the caller's.
     *
     * @param numHeads the number of heads H
     * @param words the token embedding (V, E)
     * @param positions the position embedding (C, E), float32
     * @param layers the transformer blocks
     * @param norm the norm after them
     * @param head the output layer (V, E), without a bias
     */
    public DecoderKernel(
            int numHeads,
            Weight words,
            NDArray positions,
            List<Layer> layers,
            Norm norm,
            Weight head) {
        this.numHeads = numHeads;
        numLayers = layers.size();
        this.layers = layers.stream().flatMap(Layer::arrays).toList();
        scales = layers.stream().flatMap(Layer::scales).toList();
        List<NDArray> first = List.of(words.value(), words.scale(), positions);
        List<NDArray> last = List.of(norm.scale, norm.shift, head.value(), head.scale());
        ends = Stream.of(first, last).flatMap(List::stream).toList();
    }

    /**
     * Computes logits, and writes the keys and values of the tokens into caches. Nothing is
     * recorded for a backward pass.
     *
     * @param tokens token ids (B, T) of type INT64, each below V
     * @param start the number of tokens that the caches hold; T more must fit
     * @param padding the number of tokens (B) to leave out at the start of each sequence, INT64, or
     *     null for none; positions count from there
     * @param every whether logits of every token are wanted, or of the last only
     * @param caches the keys and values (2, B, H, C, D) of each layer, of the type that layers
     *     compute in: float32 beside float32 weights and else bfloat16, or float32 where {@link
     *     BFloat16#isFastOn} is false
     * @return logits (B, T, V) or (B, 1, V), float32
     * @throws IllegalArgumentException if an array is closed, of another engine or of a wrong
     *     shape, or the caches are full
     */
    public NDArray logits(
            NDArray tokens,
            int start,
            NDArray padding,
            boolean every,
            List<? extends NDArray> caches) {
        String function = "decode";
        Argument ids = Argument.of(function, "tokens", tokens).rank(2).type(DataType.INT64);
        List<PtNDArray> pads =
                padding == null
                        ? List.of()
                        : List.of(
                                Argument.of(function, "padding", padding)
                                        .type(DataType.INT64)
                                        .shape(ids.size(0))
                                        .array());
        List<PtNDArray> past = caches(function, caches, ids, start);
        try (Recording off = Recording.off()) {
            return TorchScript.kernels()
                    .call(
                            "decode",
                            ids.array(),
                            (long) start,
                            pads,
                            every,
                            open(function, "layers", layers),
                            open(function, "scales", scales),
                            open(function, "ends", ends),
                            past);
        }
    }

    /**
     * Computes what follows a past that the caller keeps, and returns the past that includes it.
     * Nothing is changed, and nothing is recorded for a backward pass. N counts the tokens of the
     * past and the new ones.
     *
     * @param tokens token ids (B, T) of type INT64, each below V
     * @param positions the position (B, T) of each, INT64, from 0 to C - 1
     * @param attended a mask (B, N), INT64, zero for keys that are padding
     * @param past keys and values (B, H, N - T, D) in turn, layer by layer, float32; none if N = T
     * @return logits (B, T, V), the states (B, T, E) behind them, and keys and values (B, H, N, D)
     *     in turn, all float32
     * @throws IllegalArgumentException if an array is closed, of another engine, or of a wrong
     *     shape or type, or the past has another number of arrays
     */
    public NDList extend(
            NDArray tokens, NDArray positions, NDArray attended, List<? extends NDArray> past) {
        String function = "extend";
        Argument ids = Argument.of(function, "tokens", tokens).rank(2).type(DataType.INT64);
        Argument places = Argument.of(function, "positions", positions).sameAs(ids);
        Argument mask = Argument.of(function, "attended", attended).rank(2).like(ids);
        mask.room(1, 0, ids.size(1)).shape(ids.size(0), mask.size(1));
        try (Recording off = Recording.off()) {
            return TorchScript.kernels()
                    .callForList(
                            function,
                            ids.array(),
                            places.array(),
                            mask.array(),
                            (long) numHeads,
                            computesInBFloat16() ? BFLOAT16 : FLOAT32,
                            open(function, "layers", layers),
                            open(function, "scales", scales),
                            open(function, "ends", ends),
                            past(function, past, ids, mask.size(1) - ids.size(1)));
        }
    }

    private List<PtNDArray> past(
            String function, List<? extends NDArray> past, Argument tokens, long length) {
        int arrays = length == 0 ? 0 : 2 * numLayers;
        if (past.size() != arrays) {
            throw new IllegalArgumentException(
                    ("%s: past has %d arrays, but must have %d for %d tokens, keys and values of"
                                    + " each layer")
                            .formatted(function, past.size(), arrays, length));
        }
        List<PtNDArray> open = new ArrayList<>(arrays);
        for (NDArray array : past) {
            Argument argument = Argument.of(function, "past", array).type(DataType.FLOAT32);
            argument.shape(tokens.size(0), numHeads, length, headDim()).onDeviceOf(tokens);
            open.add(argument.array());
        }
        return open;
    }

    private static List<PtNDArray> open(
            String function, String name, List<? extends NDArray> arrays) {
        List<PtNDArray> open = new ArrayList<>(arrays.size());
        for (NDArray array : arrays) {
            open.add(Argument.of(function, name, array).array());
        }
        return open;
    }

    private List<PtNDArray> caches(
            String function, List<? extends NDArray> caches, Argument tokens, int start) {
        List<PtNDArray> open = new ArrayList<>(caches.size());
        for (NDArray cache : caches) {
            Argument argument = Argument.of(function, "caches", cache).rank(5).floatingPoint();
            argument.room(3, start, tokens.size(1))
                    .shape(2, tokens.size(0), numHeads, argument.size(3), headDim());
            open.add(argument.array());
        }
        return open;
    }

    private boolean computesInBFloat16() {
        NDArray words = ends.get(0);
        return words.getDataType() != DataType.FLOAT32 && BFloat16.isFastOn(words.getDevice());
    }

    private long headDim() {
        return ends.get(3).getShape().get(0) / numHeads;
    }
}
