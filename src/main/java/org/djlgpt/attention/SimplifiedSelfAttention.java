package org.djlgpt.attention;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Pass;
import org.djlgpt.torch.BFloat16;

/**
 * The first rung: attention without trainable weights, (T, d) or (B, T, d) to the same. Each token
 * is query, key and value at once; its context vector is the mix of all tokens, weighted by the
 * softmax of their dot products with it.
 *
 * <p>The static methods give the same for a single query, one step at a time:
 *
 * <pre>{@code
 * NDArray scores = SimplifiedSelfAttention.scores(inputs, 1);         // (T)
 * NDArray weights = SimplifiedSelfAttention.weights(scores);          // (T)
 * NDArray context = SimplifiedSelfAttention.context(weights, inputs); // (d)
 * }</pre>
 */
public final class SimplifiedSelfAttention extends SelfAttention {

    /** Makes the block, which takes tokens of any width. */
    public SimplifiedSelfAttention() {
        super(ANY, ANY);
    }

    /**
     * Returns how similar each token is to one of them: their dot products.
     *
     * @param inputs the tokens (T, d)
     * @param query the index of the query, from 0
     * @return scores (T)
     * @throws IllegalArgumentException if {@code inputs} is not (T, d) or has no such token
     */
    public static NDArray scores(NDArray inputs, int query) {
        requireTokens(inputs);
        long tokens = inputs.getShape().get(0);
        if (query < 0 || query >= tokens) {
            throw new IllegalArgumentException(
                    "query=%d must lie in [0, %d), since there are %d tokens"
                            .formatted(query, tokens, tokens));
        }
        NDArray wide = BFloat16.widen(inputs);
        return wide.matMul(wide.get(query));
    }

    /**
     * Returns the softmax of scores.
     *
     * @param scores scores (T)
     * @return weights (T) that sum to 1
     * @throws IllegalArgumentException if {@code scores} is no vector of floating-point numbers
     */
    public static NDArray weights(NDArray scores) {
        requireVector("scores", scores);
        return BFloat16.widen(scores).softmax(-1);
    }

    /**
     * Returns the weighted sum of the tokens.
     *
     * @param weights weights (T)
     * @param inputs the tokens (T, d)
     * @return the context vector (d)
     * @throws IllegalArgumentException if there are not as many weights as tokens
     */
    public static NDArray context(NDArray weights, NDArray inputs) {
        requireVector("weights", weights);
        requireTokens(inputs);
        if (weights.size() != inputs.getShape().get(0)) {
            throw new IllegalArgumentException(
                    "%d weights do not match %d tokens; pass the weights of these inputs"
                            .formatted(weights.size(), inputs.getShape().get(0)));
        }
        return mix(BFloat16.widen(weights), inputs);
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        return mix(weigh(scores(x, pass), pass), x); // (.., T, d)
    }

    @Override
    NDArray scores(NDArray x, Pass pass) {
        return dot(x, x);
    }

    @Override
    NDArray weigh(NDArray scores, Pass pass) {
        return scores.softmax(-1);
    }

    @Override
    protected void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {}

    private static void requireTokens(NDArray inputs) {
        Checks.requireFloating("SimplifiedSelfAttention", inputs.getDataType());
        Checks.requireRank("SimplifiedSelfAttention", inputs.getShape(), "(T, d)", 2, 2);
    }

    private static void requireVector(String name, NDArray vector) {
        Checks.requireFloating(name, vector.getDataType());
        Checks.requireRank(name, vector.getShape(), "(T)", 1, 1);
    }
}
