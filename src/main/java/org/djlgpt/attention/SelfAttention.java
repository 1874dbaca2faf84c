package org.djlgpt.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Functional;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.Scalar;
import org.djlgpt.nn.TensorBlock;
import org.djlgpt.torch.BFloat16;

import java.util.function.BiFunction;

/**
 * What every rung has in common: scores of each query with each key, softmax weights, and context
 * vectors that mix the values by these weights. Scores and weights can be looked at.
 */
public abstract class SelfAttention extends TensorBlock {

    static final int ANY = -1;

    private final int inputDim;
    private final int outputDim;
    private final int contextLength;

    /** For rungs that see all tokens, of any number, in a batch or not. */
    SelfAttention(int inputDim, int outputDim) {
        this(inputDim, outputDim, ANY);
    }

    /** For rungs that see the past, of a limited length, in batches. */
    SelfAttention(int inputDim, int outputDim, int contextLength) {
        this.inputDim = inputDim;
        this.outputDim = outputDim;
        this.contextLength = contextLength;
    }

    /**
     * Returns the weights that each token gives to each token, as used without dropout.
     *
     * @param x what {@code forward} takes, (T, inputDim) or (B, T, inputDim)
     * @return weights (B, heads, T, T), each row summing to 1; B is 1 for (T, inputDim)
     * @throws IllegalArgumentException if the block does not take {@code x}
     */
    public final NDArray attentionWeights(NDArray x) {
        return inspect(x, this::weights);
    }

    /**
     * Returns the raw scores: queries times keys, before scaling and masking.
     *
     * @param x what {@code forward} takes, (T, inputDim) or (B, T, inputDim)
     * @return scores (B, heads, T, T); B is 1 for (T, inputDim)
     * @throws IllegalArgumentException if the block does not take {@code x}
     */
    public final NDArray attentionScores(NDArray x) {
        return inspect(x, this::scores);
    }

    final int contextLength() {
        return contextLength;
    }

    private NDArray inspect(NDArray x, BiFunction<NDArray, Pass, NDArray> look) {
        requireType(x.getDataType());
        requireShape(x.getShape());
        Pass pass = new Pass(new ParameterStore(x.getManager(), false), false);
        int rank = x.getShape().dimension();
        long batch = rank == 2 ? 1 : x.getShape().get(0);
        long tokens = x.getShape().get(rank - 2);
        try (Autocast precise = Autocast.float32();
                NDScope scope = new NDScope()) {
            NDArray seen = look.apply(x, pass).reshape(batch, -1, tokens, tokens).stopGradient();
            NDScope.unregister(seen);
            return seen;
        }
    }

    private NDArray weights(NDArray x, Pass pass) {
        return weigh(scores(x, pass), pass);
    }

    /**
     * Multiplies every query with every key.
     *
     * @param x the input (.., T, inputDim)
     * @param pass where parameter values come from
     * @return raw scores (.., T, T)
     */
    abstract NDArray scores(NDArray x, Pass pass);

    /**
     * Turns scores into the weights by which the values are mixed.
     *
     * @param scores raw scores (.., T, T)
     * @param pass whether dropout is active
     * @return weights (.., T, T)
     */
    abstract NDArray weigh(NDArray scores, Pass pass);

    @Override
    protected final void requireShape(Shape input) {
        if (contextLength == ANY) {
            Checks.requireRank(name(), input, "(T, inputDim) or (B, T, inputDim)", 2, 3);
        } else {
            Checks.requireRank(name(), input, "(B, T, inputDim)", 3, 3);
            Checks.requireContext(input.get(1), contextLength);
        }
        if (inputDim != ANY) {
            Checks.requireLastDimension(name(), input, "inputDim", inputDim);
        }
    }

    @Override
    protected final Shape outputShape(Shape input) {
        return outputDim == ANY ? input : input.slice(0, input.dimension() - 1).add(outputDim);
    }

    static NDArray dot(NDArray queries, NDArray keys) {
        return Functional.scores(queries, keys); // (.., T, T)
    }

    static NDArray mix(NDArray weights, NDArray values) {
        return weights.matMul(BFloat16.widen(values)); // (.., T, D)
    }

    static NDArray scaledSoftmax(NDArray scores, int headDim) {
        NDArray scale = Scalar.of(1 / Math.sqrt(headDim), scores);
        return scores.mul(scale).softmax(-1); // (.., T, T)
    }
}
