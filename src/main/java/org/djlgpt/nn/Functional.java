package org.djlgpt.nn;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.norm.Dropout;
import ai.djl.pytorch.engine.PtNDArray;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.CrossEntropyKernel;
import org.djlgpt.torch.FloatType;
import org.djlgpt.torch.Kernels;

import java.util.List;
import java.util.function.Supplier;

/**
 * What the blocks compute, as functions of arrays (after <a
 * href="https://docs.pytorch.org/docs/stable/nn.functional.html">torch.nn.functional</a>). Here and
 * in {@link ActivationFunction} it is decided whether libtorch's own kernel computes or a formula
 * made of DJL's operators, which any engine has and {@link org.djlgpt.torch.PlainOperators} asks
 * for. Both give the same within rounding.
 */
public final class Functional {

    /** A window that no sequence is longer than. */
    public static final int NO_WINDOW = Integer.MAX_VALUE;

    private Functional() {}

    /**
     * Multiplies with a weight and adds a bias, in bfloat16 inside {@link Autocast#bfloat16()}.
     *
     * @param x the input (.., in)
     * @param weight the weight (out, in)
     * @param bias the bias (out), or null for none
     * @return the output (.., out)
     */
    public static NDArray linear(NDArray x, NDArray weight, NDArray bias) {
        if (Autocast.isBFloat16()) {
            List<NDArray> biases = bias == null ? List.of() : List.of(bias);
            return linear(x, List.of(weight), biases).head();
        }
        NDArray b = bias == null ? null : BFloat16.widen(bias);
        return ai.djl.nn.core.Linear.linear(BFloat16.widen(x), BFloat16.widen(weight), b)
                .singletonOrThrow();
    }

    /**
     * Multiplies with several weights and adds their biases, in bfloat16 inside {@link
     * Autocast#bfloat16()}, where they are one product.
     *
     * @param x the input (.., in)
     * @param weights the weights (out, in)
     * @param biases a bias (out) for each, or none
     * @return an output (.., out) for each
     */
    static NDList linear(NDArray x, List<NDArray> weights, List<NDArray> biases) {
        if (Autocast.isBFloat16()) {
            return Kernels.linear(x, weights, biases, FloatType.BFLOAT16);
        }
        NDList outputs = new NDList();
        for (int i = 0; i < weights.size(); i++) {
            outputs.add(linear(x, weights.get(i), biases.isEmpty() ? null : biases.get(i)));
        }
        return outputs;
    }

    /**
     * Adds the product with a weight of low rank, scale b a, to that with another.
     *
     * @param y the other product (.., out)
     * @param x the input (.., in)
     * @param a from the input to a few numbers (rank, in)
     * @param b from these to the output (out, rank)
     * @param scale what the product is multiplied with
     * @return the sum (.., out)
     */
    static NDArray addLowRank(NDArray y, NDArray x, NDArray a, NDArray b, double scale) {
        if (Kernels.supports(y)) {
            return Kernels.addLowRank(y, x, a, b, scale);
        }
        NDArray few = linear(x, a, null).mul(Scalar.of(scale, x)); // (.., rank)
        return y.add(linear(few, b, null)); // (.., out)
    }

    /**
     * Looks ids up in a table.
     *
     * @param ids token ids (..), INT32 or INT64
     * @param table one row for each id (V, E)
     * @return the rows (.., E)
     * @throws IllegalArgumentException if an id lies outside the table
     */
    public static NDArray embedding(NDArray ids, NDArray table) {
        return checked(
                ids,
                () -> Checks.requireKnownTokens(ids, table.getShape().get(0)),
                () -> BFloat16.widen(lookUp(ids, table)));
    }

    /**
     * The rows (.., E) of a table (V, E). On a GPU a row that is not there is NaN; elsewhere the
     * engine refuses it.
     */
    static NDArray lookUp(NDArray ids, NDArray table) {
        if (ids instanceof PtNDArray && ids.getDevice().isGpu()) {
            return Kernels.embedding(ids, table);
        }
        return ids.getNDArrayInternal()
                .embedding(ids, table, SparseFormat.DENSE)
                .singletonOrThrow();
    }

    /**
     * Normalizes the last dimension to mean 0 and variance 1.
     *
     * @param x the input (.., E), widened to float32
     * @param scale what to multiply with then (E)
     * @param shift what to add (E), or null for nothing
     * @param epsilon added to the variance
     * @return the result (.., E)
     */
    public static NDArray layerNorm(NDArray x, NDArray scale, NDArray shift, double epsilon) {
        NDArray wide = BFloat16.widen(x);
        NDArray added = shift == null ? scale.zerosLike() : shift;
        return ai.djl.nn.norm.LayerNorm.layerNorm(
                        wide, scale.getShape(), scale, added, (float) epsilon)
                .singletonOrThrow();
    }

    /**
     * Divides the last dimension by its root mean square.
     *
     * @param x the input (.., E), widened to float32
     * @param scale what to multiply with then (E)
     * @param epsilon added to the mean square
     * @return the result (.., E)
     */
    public static NDArray rmsNorm(NDArray x, NDArray scale, double epsilon) {
        NDArray wide = BFloat16.widen(x);
        if (Kernels.supports(wide)) {
            return Kernels.rmsNorm(wide, scale, epsilon);
        }
        NDArray meanSquare = wide.mul(wide).mean(new int[] {-1}, true); // (.., 1)
        NDArray root = meanSquare.add(Scalar.of(epsilon, wide)).sqrt();
        return wide.div(root).mul(scale);
    }

    /**
     * Turns pairs of numbers by angles, those of the first half of the last dimension with those of
     * the second.
     *
     * @param x the input (.., T, D), or heads (B, H, T, D)
     * @param cosine the cosines of the angles (T, D / 2), or for heads also (B, T, D / 2)
     * @param sine their sines, of the same shape
     * @return the result, of the shape and type of {@code x}
     */
    public static NDArray rotate(NDArray x, NDArray cosine, NDArray sine) {
        if (Kernels.supports(x)) {
            return Kernels.rotate(x, cosine, sine);
        }
        long half = cosine.getShape().getLastDimension();
        boolean perRow = cosine.getShape().dimension() == 3;
        NDArray cos = perRow ? cosine.expandDims(1) : cosine; // (T, D / 2) or (B, 1, T, D / 2)
        NDArray sin = perRow ? sine.expandDims(1) : sine;
        NDArray first = x.get("..., :{}", half); // (.., T, D / 2)
        NDArray second = x.get("..., {}:", half); // (.., T, D / 2)
        return NDArrays.concat(
                new NDList(
                        first.mul(cos).sub(second.mul(sin)), second.mul(cos).add(first.mul(sin))),
                -1);
    }

    /**
     * Causal scaled dot-product attention, softmax(q k<sup>T</sup> / sqrt(D)) v over the tokens up
     * to each query (Vaswani et al., 2017, section 3.2.1).
     *
     * @param q the queries (B, T, D) or (B, H, T, D)
     * @param k the keys, of the same shape, or (B, G, T, D) where G divides H and each of them
     *     serves H / G queries
     * @param v the values, of the shape of the keys
     * @param dropout the probability with which a weight is dropped, 0 outside training
     * @param window how many tokens a query sees, itself included; {@link #NO_WINDOW} for all
     * @param positions where the tokens stand in their sequences; other sequences are not seen
     * @return the weighted values, of the shape of the queries, in bfloat16 inside {@link
     *     Autocast#bfloat16()}
     */
    public static NDArray causalAttention(
            NDArray q, NDArray k, NDArray v, double dropout, int window, Positions positions) {
        if (q.getShape().dimension() == 3) {
            NDArray contexts =
                    causalAttention(
                            q.expandDims(1),
                            k.expandDims(1),
                            v.expandDims(1),
                            dropout,
                            window,
                            positions);
            return contexts.squeeze(1);
        }
        if (!Kernels.supports(q)) {
            return plainAttention(q, k, v, dropout, window, positions);
        }
        NDArray queries = Autocast.cast(q); // a norm may have widened them
        NDArray keys = Autocast.cast(k);
        NDArray values = Autocast.cast(v);
        NDArray mask = positions.mask(queries, window);
        return mask == null
                ? Kernels.causalAttention(queries, keys, values, dropout, window)
                : Kernels.maskedAttention(queries, keys, values, mask, dropout);
    }

    private static NDArray plainAttention(
            NDArray q, NDArray k, NDArray v, double dropout, int window, Positions positions) {
        NDArray scores = scores(q, k); // (B, H, T, T)
        NDArray own = positions.mask(scores, window);
        NDArray mask = own == null ? mask(scores, window) : own;
        NDArray weights = weights(scores, (int) q.getShape().getLastDimension(), mask);
        NDArray kept = Dropout.dropout(weights, (float) dropout, dropout > 0).singletonOrThrow();
        return kept.matMul(BFloat16.widen(forQueries(v, q))); // (.., T, D)
    }

    /**
     * Multiplies every query with every key.
     *
     * @param q the queries (.., T, D)
     * @param k the keys (.., T, D), with as many heads or a divisor of their number
     * @return raw scores (.., T, T), in float32
     */
    public static NDArray scores(NDArray q, NDArray k) {
        NDArray keys = BFloat16.widen(forQueries(k, q));
        return BFloat16.widen(q).matMul(keys.swapAxes(-2, -1)); // (.., T, T)
    }

    /**
     * Turns raw scores into the weights by which values are mixed: masked, scaled, softmax.
     *
     * @param scores raw scores (.., T, T)
     * @param headDim the width D of a query
     * @param window how many tokens a query sees, itself included
     * @return weights (.., T, T)
     */
    public static NDArray causalWeights(NDArray scores, int headDim, int window) {
        return weights(scores, headDim, mask(scores, window)); // (.., T, T)
    }

    private static NDArray weights(NDArray scores, int headDim, NDArray mask) {
        NDArray scale = Scalar.of(1 / Math.sqrt(headDim), scores);
        return scores.add(mask).mul(scale).softmax(-1); // (.., T, T)
    }

    /** Zero where a query (a row) sees a key, and minus infinity elsewhere. */
    private static NDArray mask(NDArray scores, int window) {
        NDManager manager = scores.getManager();
        long tokens = scores.getShape().getLastDimension();
        NDArray key = manager.arange(0, (int) tokens, 1, DataType.INT32, scores.getDevice()); // (T)
        NDArray age = key.expandDims(1).sub(key); // (T, T)
        NDArray hidden = age.lt(0).logicalOr(age.gte(Math.min(window, tokens)));
        NDArray never = manager.full(age.getShape(), Float.NEGATIVE_INFINITY, DataType.FLOAT32);
        return NDArrays.where(hidden, never, manager.zeros(age.getShape()));
    }

    /** Repeats each head of keys or values for the queries that share it. */
    private static NDArray forQueries(NDArray heads, NDArray q) {
        if (heads.getShape().equals(q.getShape())) {
            return heads;
        }
        return heads.repeat(1, q.getShape().get(1) / heads.getShape().get(1)); // (B, H, T, D)
    }

    /** The mean cross-entropy of logits (N, V) and targets (N), INT64. */
    static NDArray crossEntropy(NDArray logits, NDArray targets) {
        return checked(
                targets,
                () -> Checks.requireKnownTargets(targets, logits.getShape().get(1)),
                () ->
                        Kernels.supports(logits)
                                ? CrossEntropyKernel.ofLogits(logits, targets)
                                : plainCrossEntropy(logits, targets));
    }

    private static NDArray plainCrossEntropy(NDArray logits, NDArray targets) {
        NDArray kept = logProbabilities(logits, targets); // (N)
        NDArray counted = targets.neq(CrossEntropy.IGNORED); // (N)
        return kept.sum().div(counted.toType(kept.getDataType(), false).sum()).neg();
    }

    /** The same for the logits hidden weight<sup>T</sup>, (N, E) and (V, E). */
    static NDArray crossEntropy(NDArray hidden, NDArray weight, NDArray targets) {
        if (!Kernels.supports(weight)) {
            return crossEntropy(linear(hidden, weight, null), targets);
        }
        NDArray cast = Autocast.cast(weight);
        return checked(
                targets,
                () -> Checks.requireKnownTargets(targets, weight.getShape().get(0)),
                () -> CrossEntropyKernel.ofProjection(hidden, cast, targets));
    }

    /** The log-probabilities (N) of targets under the logits hidden weight<sup>T</sup>. */
    static NDArray logProbabilities(NDArray hidden, NDArray weight, NDArray targets) {
        if (!Kernels.supports(weight)) {
            return logProbabilities(linear(hidden, weight, null), targets);
        }
        NDArray cast = Autocast.cast(weight);
        return checked(
                targets,
                () -> Checks.requireKnownTargets(targets, weight.getShape().get(0)),
                () -> CrossEntropyKernel.logProbabilities(hidden, cast, targets));
    }

    /** The log-probabilities (N) of targets (N) under logits (N, V); 0 for those ignored. */
    static NDArray logProbabilities(NDArray logits, NDArray targets) {
        if (Kernels.supports(logits)) {
            return looked(
                    targets,
                    () -> Checks.requireKnownTargets(targets, logits.getShape().get(1)),
                    () -> CrossEntropyKernel.logProbabilities(logits, targets));
        }
        Checks.requireKnownTargets(targets, logits.getShape().get(1));
        NDArray ids = targets.maximum(0).expandDims(1); // (N, 1)
        NDArray all = BFloat16.widen(logits).logSoftmax(-1).gather(ids, 1).squeeze(1); // (N)
        return NDArrays.where(targets.neq(CrossEntropy.IGNORED), all, all.zerosLike());
    }

    /**
     * Computes with ids of which none may lie outside a vocabulary. On a CPU libtorch itself
     * notices such an id, and all that is left is to say which.
     */
    private static NDArray checked(NDArray ids, Runnable check, Supplier<NDArray> computation) {
        boolean noticed = ids instanceof PtNDArray && !ids.getDevice().isGpu();
        try {
            return noticed ? computation.get() : looked(ids, check, computation);
        } catch (EngineException e) {
            check.run();
            throw e;
        }
    }

    /** Looks at ids before it computes, or else NaN is what comes of a wrong one. */
    private static NDArray looked(NDArray ids, Runnable check, Supplier<NDArray> computation) {
        if (!ids.getDevice().isGpu() || !DeferredChecks.isOpen()) {
            check.run();
        }
        return computation.get();
    }
}
