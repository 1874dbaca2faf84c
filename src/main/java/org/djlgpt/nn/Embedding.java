package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.NormalInitializer;

/**
 * A table with one vector per id: ids (..) of type INT32 or INT64 to vectors (.., embeddingDim).
 *
 * <p>An id outside the table is refused before native code sees it. The weight (numEmbeddings,
 * embeddingDim) is drawn as PyTorch draws it unless told otherwise (<a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html">torch.nn.Embedding</a>).
 */
public final class Embedding extends TensorBlock {

    private final int numEmbeddings;
    private final int embeddingDim;
    private final Parameter weight;

    /**
     * Makes a table whose vectors are drawn from N(0, 1).
     *
     * @param numEmbeddings the number of ids
     * @param embeddingDim the width of a vector
     * @throws IllegalArgumentException if a size is below 1
     */
    public Embedding(int numEmbeddings, int embeddingDim) {
        this(numEmbeddings, embeddingDim, new NormalInitializer(1));
    }

    /**
     * Makes a table.
     *
     * @param numEmbeddings the number of ids
     * @param embeddingDim the width of a vector
     * @param initializer draws the vectors
     * @throws IllegalArgumentException if a size is below 1
     */
    public Embedding(int numEmbeddings, int embeddingDim, Initializer initializer) {
        this.numEmbeddings = Checks.requirePositive("numEmbeddings", numEmbeddings);
        this.embeddingDim = Checks.requirePositive("embeddingDim", embeddingDim);
        weight =
                addParameter(
                        Parameter.builder()
                                .setName("weight")
                                .setType(Parameter.Type.WEIGHT)
                                .optShape(new Shape(numEmbeddings, embeddingDim))
                                .optInitializer(new SeededInitializer(initializer))
                                .build());
    }

    /**
     * Returns the table, for layers that share it.
     *
     * @return the parameter (numEmbeddings, embeddingDim)
     */
    public Parameter weight() {
        return weight;
    }

    @Override
    protected NDArray forward(NDArray ids, Pass pass) {
        return Functional.embedding(ids, pass.value(weight, ids)); // (.., embeddingDim)
    }

    @Override
    protected void requireType(DataType type) {
        Checks.requireTokenIds(name(), type);
    }

    @Override
    protected void requireShape(Shape input) {}

    @Override
    protected Shape outputShape(Shape input) {
        return input.add(embeddingDim);
    }
}
