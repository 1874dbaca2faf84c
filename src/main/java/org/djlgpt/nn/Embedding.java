package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Parameter;

/**
 * A table with one vector per id: ids (..) of type INT32 or INT64 to vectors (.., embeddingDim).
 *
 * <p>An id outside the table is refused before native code sees it. The weight (numEmbeddings,
 * embeddingDim) is drawn as PyTorch draws it (<a
 * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html">torch.nn.Embedding</a>).
 */
public final class Embedding extends TensorBlock {

    private final int numEmbeddings;
    private final int embeddingDim;
    private final Parameter weight;

    /**
     * Makes a table.
     *
     * @param numEmbeddings the number of ids
     * @param embeddingDim the width of a vector
     * @param initialization how the vectors are drawn
     * @throws IllegalArgumentException if a size is below 1
     */
    public Embedding(int numEmbeddings, int embeddingDim, Initialization initialization) {
        this.numEmbeddings = Inputs.requirePositive("numEmbeddings", numEmbeddings);
        this.embeddingDim = Inputs.requirePositive("embeddingDim", embeddingDim);
        weight =
                addParameter(
                        Parameter.builder()
                                .setName("weight")
                                .setType(Parameter.Type.WEIGHT)
                                .optShape(new Shape(numEmbeddings, embeddingDim))
                                .optInitializer(initialization.embedding())
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
        Inputs.requireKnownTokens(ids, numEmbeddings);
        NDArray table = pass.value(weight, ids);
        return ids.getNDArrayInternal()
                .embedding(ids, table, SparseFormat.DENSE)
                .singletonOrThrow(); // (.., embeddingDim)
    }

    @Override
    protected void requireType(DataType type) {
        Inputs.requireTokenIds(name(), type);
    }

    @Override
    protected void requireShape(Shape input) {}

    @Override
    protected Shape outputShape(Shape input) {
        return input.add(embeddingDim);
    }
}
