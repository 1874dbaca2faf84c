package org.djlgpt.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;

import java.util.ArrayList;
import java.util.List;

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
     * proportion to T, except on a CPU with dropout, or in bfloat16 under 768 tokens, or where T
     * exceeds the window (<a href="https://arxiv.org/abs/1706.03762">Vaswani et al. 2017</a>,
     * section 3.2.1; <a href="https://arxiv.org/abs/2205.14135">Dao et al. 2022</a>).
     *
     * @param query the queries (B, heads, T, headDim)
     * @param key the keys (B, groups, T, headDim); groups divides heads, and each key serves heads
     *     / groups queries that stand side by side
     * @param value the values, of the shape of the keys
     * @param dropout the probability with which an attention weight is dropped, in [0, 1); give 0
     *     outside training
     * @param window how many tokens a query sees, itself included, at least 1
     * @return the weighted values (B, heads, T, headDim)
     * @throws IllegalArgumentException if a shape, a type, a device or a number is wrong
     */
    public static NDArray causalAttention(
            NDArray query, NDArray key, NDArray value, double dropout, int window) {
        String function = "causalAttention";
        Argument q = Argument.of(function, "query", query).rank(4).floatingPoint();
        Argument k = Argument.of(function, "key", key).rank(4).like(q).divides(1, q);
        k.shape(q.size(0), k.size(1), q.size(2), q.size(3));
        Argument v = Argument.of(function, "value", value).sameAs(k);
        requireDropout(function, dropout);
        requireWindow(function, window);
        return TorchScript.kernels()
                .call("causal_attention", q.array(), k.array(), v.array(), dropout, (long) window);
    }

    /**
     * Scaled dot-product attention over the tokens that a mask lets a query see. As {@link
     * #causalAttention} where T exceeds the window, it takes memory in proportion to T but for the
     * mask, except on a CPU with dropout, or in bfloat16 under 768 tokens.
     *
     * @param query the queries (B, heads, T, headDim)
     * @param key the keys (B, groups, T, headDim), where groups divides heads
     * @param value the values, of the shape of the keys
     * @param mask zero where a query sees a key and minus infinity elsewhere (B, 1, T, T); each
     *     query must see one
     * @param dropout the probability with which an attention weight is dropped, in [0, 1)
     * @return the weighted values (B, heads, T, headDim)
     * @throws IllegalArgumentException if a shape, a type, a device or the dropout is wrong
     */
    public static NDArray maskedAttention(
            NDArray query, NDArray key, NDArray value, NDArray mask, double dropout) {
        String function = "maskedAttention";
        Argument q = Argument.of(function, "query", query).rank(4).floatingPoint();
        Argument k = Argument.of(function, "key", key).rank(4).like(q).divides(1, q);
        k.shape(q.size(0), k.size(1), q.size(2), q.size(3));
        Argument v = Argument.of(function, "value", value).sameAs(k);
        Argument m = Argument.of(function, "mask", mask).like(q);
        m.shape(q.size(0), 1, q.size(2), q.size(2));
        requireDropout(function, dropout);
        return TorchScript.kernels()
                .call("masked_attention", q.array(), k.array(), v.array(), m.array(), dropout);
    }

    /**
     * Causal attention of new tokens to themselves and to those before, whose keys and values a
     * cache holds; theirs are written behind them. Nothing is recorded for a backward pass.
     *
     * @param query the queries of T new tokens (B, heads, T, headDim)
     * @param key their keys (B, groups, T, headDim), where groups divides heads
     * @param value their values, of the shape of the keys
     * @param cache the keys and the values before them (2, B, groups, C, headDim)
     * @param start the number of tokens in the cache; T more must fit into C
     * @param window how many tokens a query sees, itself included, at least 1
     * @return the weighted values (B, heads, T, headDim)
     * @throws IllegalArgumentException if a shape, a type or a device is wrong, or the cache is
     *     full
     */
    public static NDArray cachedAttention(
            NDArray query, NDArray key, NDArray value, NDArray cache, int start, int window) {
        String function = "cachedAttention";
        Argument q = Argument.of(function, "query", query).rank(4).anyFloatingPoint();
        Argument k = Argument.of(function, "key", key).rank(4).like(q).divides(1, q);
        k.shape(q.size(0), k.size(1), q.size(2), q.size(3));
        Argument v = Argument.of(function, "value", value).sameAs(k);
        Argument past = Argument.of(function, "cache", cache).rank(5).like(q);
        past.room(3, start, q.size(2)).shape(2, q.size(0), k.size(1), past.size(3), q.size(3));
        requireWindow(function, window);
        try (Recording off = Recording.off()) {
            return TorchScript.kernels()
                    .call(
                            "attend_past",
                            q.array(),
                            k.array(),
                            v.array(),
                            past.array(),
                            (long) start,
                            (long) window);
        }
    }

    private static void requireDropout(String function, double dropout) {
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException(
                    "%s: dropout is %s, but must be in [0, 1)".formatted(function, dropout));
        }
    }

    private static void requireWindow(String function, int window) {
        if (window < 1) {
            throw new IllegalArgumentException(
                    "%s: window is %d, but must be at least 1".formatted(function, window));
        }
    }

    /**
     * Turns pairs of numbers by angles, those of the first half of the last dimension with those of
     * the second (<a href="https://arxiv.org/abs/2104.09864">Su et al. 2021</a>, section 3.4.2).
     *
     * @param input the numbers (..., T, D), or heads (B, H, T, D)
     * @param cosine the cosines of the angles (T, D / 2), or for heads also (B, T, D / 2), float32
     * @param sine their sines, same shape
     * @return the result, of the input's shape and type
     * @throws IllegalArgumentException if a shape, a type or a device is wrong
     */
    public static NDArray rotate(NDArray input, NDArray cosine, NDArray sine) {
        String function = "rotate";
        boolean perRow = cosine != null && cosine.getShape().dimension() == 3;
        int axis = perRow ? 1 : 0; // of T
        Argument c = Argument.of(function, "cosine", cosine);
        c.rank(axis + 2).type(DataType.FLOAT32);
        Argument s = Argument.of(function, "sine", sine).sameAs(c);
        Argument x =
                Argument.of(function, "input", input)
                        .floatingPoint()
                        .lastAxes(c.size(axis), 2 * c.size(axis + 1))
                        .onDeviceOf(c);
        if (perRow) {
            x.rank(4).shape(c.size(0), x.size(1), x.size(2), x.size(3));
        }
        return TorchScript.kernels().call("rotate", x.array(), c.array(), s.array());
    }

    /**
     * Divides the last dimension by its root mean square (<a
     * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html">torch.nn.RMSNorm</a>).
     *
     * @param input the input (..., E), float32
     * @param scale what to multiply with then (E), float32
     * @param epsilon added to the mean square
     * @return the result, of the input's shape
     * @throws IllegalArgumentException if a shape, a type or a device is wrong
     */
    public static NDArray rmsNorm(NDArray input, NDArray scale, double epsilon) {
        Argument s = Argument.of("rmsNorm", "scale", scale).rank(1).type(DataType.FLOAT32);
        Argument x = Argument.of("rmsNorm", "input", input).lastAxis(s.size(0)).like(s);
        return TorchScript.kernels().call("rms_norm", x.array(), s.array(), epsilon);
    }

    /**
     * The Gaussian error linear unit in the tanh form that GPT-2 uses (<a
     * href="https://arxiv.org/abs/1606.08415">Hendrycks and Gimpel 2016</a>, section 2).
     *
     * @param input an array of any shape
     * @return the activations, of the same shape
     * @throws IllegalArgumentException if the array is of another engine or type, or closed
     */
    public static NDArray geluTanh(NDArray input) {
        return elementwise("gelu_tanh", input);
    }

    /**
     * The Gaussian error linear unit in its exact form (as {@link #geluTanh}, section 2).
     *
     * @param input an array of any shape
     * @return the activations, of the same shape
     * @throws IllegalArgumentException if the array is of another engine or type, or closed
     */
    public static NDArray gelu(NDArray input) {
        return elementwise("gelu", input);
    }

    /**
     * The greater of each number and 0.
     *
     * @param input an array of any shape
     * @return the activations, of the same shape
     * @throws IllegalArgumentException if the array is of another engine or type, or closed
     */
    public static NDArray relu(NDArray input) {
        return elementwise("relu", input);
    }

    /**
     * The sigmoid linear unit, {@code x * sigmoid(x)} (<a
     * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html">torch.nn.SiLU</a>).
     *
     * @param input an array of any shape
     * @return the activations, of the same shape
     * @throws IllegalArgumentException if the array is of another engine or type, or closed
     */
    public static NDArray silu(NDArray input) {
        return elementwise("silu", input);
    }

    private static NDArray elementwise(String function, NDArray input) {
        Argument x = Argument.of(function, "input", input).floatingPoint();
        return TorchScript.kernels().call(function, x.array());
    }

    /**
     * Linear layers of one input, {@code input weight^T + bias} each, as one product where weights
     * are rounded or widened. Input, weights and biases are converted to what is computed in.
     *
     * @param input the input (..., in), float32 or bfloat16
     * @param weights the weight (out, in) of each layer, float32 or bfloat16, at least one
     * @param biases the bias (out) of each, float32 or bfloat16; empty for none
     * @param type what to compute in
     * @return the output (..., out) of each layer, of that type
     * @throws IllegalArgumentException if a shape, a type or a device is wrong, there is no weight,
     *     or not as many biases
     */
    public static NDList linear(
            NDArray input,
            List<? extends NDArray> weights,
            List<? extends NDArray> biases,
            FloatType type) {
        String function = "linear";
        if (weights.isEmpty() || !biases.isEmpty() && biases.size() != weights.size()) {
            throw new IllegalArgumentException(
                    "linear: %d weights and %d biases; give a weight or more, and a bias for each or none"
                            .formatted(weights.size(), biases.size()));
        }
        Argument x = Argument.of(function, "input", input).floatingPoint();
        List<PtNDArray> w = new ArrayList<>(weights.size());
        List<PtNDArray> b = new ArrayList<>(biases.size());
        for (NDArray each : weights) {
            Argument weight = Argument.of(function, "weight", each).rank(2).floatingPoint();
            x.lastAxis(weight.size(1)).onDeviceOf(weight);
            w.add(weight.array());
            if (!biases.isEmpty()) {
                Argument bias = Argument.of(function, "bias", biases.get(b.size()));
                b.add(bias.shape(weight.size(0)).floatingPoint().onDeviceOf(weight).array());
            }
        }
        return TorchScript.kernels().callForList(function, x.array(), w, b, type.code());
    }

    /**
     * Adds a product of low rank, {@code sum + scale input a^T b^T} (<a
     * href="https://arxiv.org/abs/2106.09685">Hu et al. 2021</a>, section 4.1). The others are
     * converted to the type of the sum first.
     *
     * @param sum what to add to (..., out), float32 or bfloat16
     * @param input the input (..., in), float32 or bfloat16
     * @param a the first weight (rank, in), float32 or bfloat16
     * @param b the second weight (out, rank), of the type of the first
     * @param scale the factor of the product
     * @return the sum (..., out)
     * @throws IllegalArgumentException if a shape, a type or a device is wrong
     */
    public static NDArray addLowRank(
            NDArray sum, NDArray input, NDArray a, NDArray b, double scale) {
        String function = "addLowRank";
        Argument first = Argument.of(function, "a", a).rank(2).floatingPoint();
        Argument y = Argument.of(function, "sum", sum).floatingPoint().onDeviceOf(first);
        Argument second = Argument.of(function, "b", b).rank(2).like(first);
        y.lastAxis(second.size(0));
        second.shape(second.size(0), first.size(0));
        Shape rows = sum.getShape().slice(0, sum.getShape().dimension() - 1);
        Argument x = Argument.of(function, "input", input).floatingPoint().onDeviceOf(first);
        x.shape(rows.add(first.size(1)).getShape());
        return TorchScript.kernels()
                .call("add_low_rank", y.array(), x.array(), first.array(), second.array(), scale);
    }

    /**
     * Looks ids up in a table, where one that it does not have gives NaN: {@code
     * torch.nn.functional.embedding} ends all computing on a GPU then.
     *
     * @param ids ids (..), INT32 or INT64
     * @param table a row for each id (V, E), float32, float64 or bfloat16
     * @return the rows (.., E), of the table's type
     * @throws IllegalArgumentException if a shape, a type or a device is wrong
     */
    public static NDArray embedding(NDArray ids, NDArray table) {
        String function = "embedding";
        Argument rows =
                Argument.of(function, "table", table)
                        .rank(2)
                        .type(DataType.FLOAT32, DataType.FLOAT64, BFloat16.DATA_TYPE)
                        .notEmpty();
        Argument which =
                Argument.of(function, "ids", ids)
                        .type(DataType.INT32, DataType.INT64)
                        .onDeviceOf(rows);
        return TorchScript.kernels().call(function, which.array(), rows.array());
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

    /**
     * Finds the index that a chance stands for: the first one up to which more than that share of
     * the probabilities lies. Chances that are evenly spread draw by the probabilities.
     *
     * @param probabilities rows (B, V), float32, not negative, with a positive sum
     * @param chances one number (B, 1) in [0, 1) for each row, float64
     * @return indices (B, 1) of type INT64
     * @throws IllegalArgumentException if a shape or a type is wrong
     */
    public static NDArray quantile(NDArray probabilities, NDArray chances) {
        String function = "quantile";
        Argument p =
                Argument.of(function, "probabilities", probabilities)
                        .rank(2)
                        .type(DataType.FLOAT32);
        Argument share =
                Argument.of(function, "chances", chances)
                        .shape(p.size(0), 1)
                        .type(DataType.FLOAT64);
        return TorchScript.kernels().call(function, p.array(), share.array());
    }
}
