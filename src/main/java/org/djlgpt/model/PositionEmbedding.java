package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.TensorBlock;

/**
 * Tells positions by adding a learnt vector to each token, (B, T, E) to the same for T up to the
 * context length (Radford et al., 2018, section 3.1).
 */
public final class PositionEmbedding extends TensorBlock {

    private final int contextLength;
    private final int embeddingDim;
    private final Parameter weight;

    /**
     * Makes the vectors.
     *
     * @param contextLength the number of positions C
     * @param embeddingDim the width E of a token
     * @param layers how embeddings are made
     * @throws IllegalArgumentException if a size is below 1
     */
    public PositionEmbedding(int contextLength, int embeddingDim, Layers layers) {
        this.contextLength = Checks.requirePositive("contextLength", contextLength);
        this.embeddingDim = Checks.requirePositive("embeddingDim", embeddingDim);
        weight = addParameter(layers.embedding(contextLength, embeddingDim).weight());
    }

    /**
     * Returns the vectors.
     *
     * @return the parameter (C, E)
     */
    public Parameter weight() {
        return weight;
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        long length = x.getShape().get(1);
        return x.add(pass.positions().lookUp(pass.value(weight, x), length)); // (B, T, E)
    }

    @Override
    protected void requireShape(Shape input) {
        Checks.requireRank(name(), input, "(B, T, embeddingDim)", 3, 3);
        Checks.requireContext(input.get(1), contextLength);
        Checks.requireLastDimension(name(), input, "embeddingDim", embeddingDim);
    }

    @Override
    protected Shape outputShape(Shape input) {
        return input;
    }
}
