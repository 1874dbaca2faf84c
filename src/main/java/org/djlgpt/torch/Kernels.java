package org.djlgpt.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;

/**
 * The operators of a GPT layer that libtorch has and DJL does not offer.
 *
 * <p>Each takes float32 or bfloat16 arrays of the PyTorch engine and computes in their type; all
 * array arguments of a call have the same type and device unless said otherwise. Gradients flow as
 * through DJL's operators. Letters in shapes: B batch, T tokens, V words of the vocabulary.
 */
public final class Kernels {

    private Kernels() {}

    /**
     * Returns whether the kernels should compute with an array.
     *
     * @param array any array
     * @return whether it is a float32 or bfloat16 array of DJL's PyTorch engine, and this thread is
     *     not inside {@link PlainOperators}
     */
    public static boolean supports(NDArray array) {
        boolean known = array.getDataType() == DataType.FLOAT32 || BFloat16.is(array);
        return known && array instanceof PtNDArray && !PlainOperators.inUse();
    }

    /**
     * Causal scaled dot-product attention, {@code softmax(q k^T / sqrt(headDim)) v} over the tokens
     * up to each query. The weights are never in memory together, so that it takes memory in
     * proportion to T, except on a CPU with dropout, or in bfloat16 under 768 tokens (<a
     * href="https://arxiv.org/abs/1706.03762">Vaswani et al. 2017</a>, section 3.2.1; <a
     * href="https://arxiv.org/abs/2205.14135">Dao et al. 2022</a>).
     *
     * @param query the queries (B, heads, T, headDim)
     * @param key the keys, same shape
     * @param value the values, same shape
     * @param dropout the probability with which an attention weight is dropped, in [0, 1); give 0
     *     outside training
     * @return the weighted values (B, heads, T, headDim)
     * @throws IllegalArgumentException if a shape, a type, a device or the dropout is wrong
     */
    public static NDArray causalAttention(
            NDArray query, NDArray key, NDArray value, double dropout) {
        String function = "causalAttention";
        Argument q = Argument.of(function, "query", query).rank(4).floatingPoint();
        long[] shape = query.getShape().getShape();
        Argument k = Argument.of(function, "key", key).shape(shape).like(q);
        Argument v = Argument.of(function, "value", value).shape(shape).like(q);
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException(
                    "%s: dropout is %s, but must be in [0, 1)".formatted(function, dropout));
        }
        return TorchScript.kernels()
                .call("causal_attention", q.array(), k.array(), v.array(), dropout);
    }

    /**
     * Causal attention of new tokens to themselves and to those before, whose keys and values a
     * cache holds; theirs are written behind them. Nothing is recorded for a backward pass.
     *
     * @param query the queries of T new tokens (B, heads, T, headDim)
     * @param key their keys, same shape
     * @param value their values, same shape
     * @param cache the keys and the values before them (2, B, heads, C, headDim)
     * @param start the number of tokens in the cache; T more must fit into C
     * @return the weighted values (B, heads, T, headDim)
     * @throws IllegalArgumentException if a shape, a type or a device is wrong, or the cache is
     *     full
     */
    public static NDArray cachedAttention(
            NDArray query, NDArray key, NDArray value, NDArray cache, int start) {
        String function = "cachedAttention";
        Argument q = Argument.of(function, "query", query).rank(4).floatingPoint();
        Argument k = Argument.of(function, "key", key).sameAs(q);
        Argument v = Argument.of(function, "value", value).sameAs(q);
        Argument past = Argument.of(function, "cache", cache).rank(5).like(q);
        past.room(3, start, q.size(2)).shape(2, q.size(0), q.size(1), past.size(3), q.size(3));
        try (Recording off = Recording.off()) {
            return TorchScript.kernels()
                    .call(
                            "attend_past",
                            q.array(),
                            k.array(),
                            v.array(),
                            past.array(),
                            (long) start);
        }
    }

    /**
     * The Gaussian error linear unit in the tanh form that GPT-2 uses (<a
     * href="https://arxiv.org/abs/1606.08415">Hendrycks and Gimpel 2016</a>, section 2).
     *
     * @param input an array of any shape
     * @return the activations, of the same shape
     * @throws IllegalArgumentException if the array is of another engine or type, or closed
     */
    public static NDArray gelu(NDArray input) {
        Argument x = Argument.of("gelu", "input", input).floatingPoint();
        return TorchScript.kernels().call("gelu", x.array());
    }

    /**
     * A linear layer, {@code input weight^T + bias}, that computes in the type of its weight: with
     * a bfloat16 weight the input is rounded first, and the result is bfloat16.
     *
     * @param input the input (..., in), float32 or bfloat16
     * @param weight the weight (out, in), of the type to compute in
     * @param bias the bias (out) of the weight's type, or null for none
     * @return the output (..., out) in the weight's type
     * @throws IllegalArgumentException if a shape, a type or a device is wrong
     */
    public static NDArray linear(NDArray input, NDArray weight, NDArray bias) {
        String function = "linear";
        Argument w = Argument.of(function, "weight", weight).rank(2).floatingPoint();
        Argument x =
                Argument.of(function, "input", input)
                        .lastAxis(w.size(1))
                        .floatingPoint()
                        .onDeviceOf(w);
        if (bias == null) {
            return TorchScript.kernels().call("linear_without_bias", x.array(), w.array());
        }
        Argument b = Argument.of(function, "bias", bias).shape(w.size(0)).like(w);
        return TorchScript.kernels().call("linear", x.array(), w.array(), b.array());
    }

    /**
     * Draws an index from each row of probabilities with the engine's generator, which DJL's own
     * {@code randomMultinomial} can't on this engine (<a
     * href="https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html">torch.multinomial</a>).
     *
     * @param probabilities rows (B, V), float32, not negative, with a positive sum
     * @return indices (B, 1) of type INT64
     * @throws IllegalArgumentException if the shape or the type is wrong
     */
    public static NDArray multinomial(NDArray probabilities) {
        Argument p =
                Argument.of("multinomial", "probabilities", probabilities)
                        .rank(2)
                        .type(DataType.FLOAT32);
        return TorchScript.kernels().call("multinomial", p.array());
    }
}
