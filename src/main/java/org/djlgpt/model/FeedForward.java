package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.Gelu;
import org.djlgpt.nn.Initialization;
import org.djlgpt.nn.Inputs;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.TensorBlock;

/**
 * The feed-forward network of a transformer block, applied to each token by itself: (.., E) up to
 * (.., 4 E), GELU in the tanh form, and down to (.., E) (Vaswani et al., 2017, section 3.3).
 */
public final class FeedForward extends TensorBlock {

    private static final int EXPANSION = 4;

    private final int embeddingDim;
    private final Linear up;
    private final Gelu gelu;
    private final Linear down;

    /**
     * Makes a network that PyTorch's defaults initialize.
     *
     * @param embeddingDim the width of a token
     * @throws IllegalArgumentException if {@code embeddingDim} is below 1
     */
    public FeedForward(int embeddingDim) {
        this(embeddingDim, Initialization.pytorch());
    }

    /**
     * Makes a network.
     *
     * @param embeddingDim the width of a token
     * @param initialization how the parameters are drawn; the way down ends a residual branch
     * @throws IllegalArgumentException if {@code embeddingDim} is below 1
     */
    public FeedForward(int embeddingDim, Initialization initialization) {
        this.embeddingDim = Inputs.requirePositive("embeddingDim", embeddingDim);
        int hiddenDim = EXPANSION * embeddingDim;
        up = addChildBlock("up", linear(embeddingDim, hiddenDim, initialization));
        gelu = addChildBlock("gelu", new Gelu());
        down = addChildBlock("down", linear(hiddenDim, embeddingDim, initialization.residual()));
    }

    private static Linear linear(int inputDim, int outputDim, Initialization initialization) {
        return Linear.builder()
                .setInputDim(inputDim)
                .setOutputDim(outputDim)
                .optInitialization(initialization)
                .build();
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        return pass.through(x, up, gelu, down);
    }

    @Override
    protected void requireShape(Shape input) {
        Inputs.requireRank(name(), input, "(.., embeddingDim)", 1, Integer.MAX_VALUE);
        Inputs.requireLastDimension(name(), input, "embeddingDim", embeddingDim);
    }

    @Override
    protected Shape outputShape(Shape input) {
        return input;
    }

    @Override
    protected void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {
        up.initialize(manager, dataType, inputShapes);
        Shape[] hidden = up.getOutputShapes(inputShapes);
        gelu.initialize(manager, dataType, hidden);
        down.initialize(manager, dataType, hidden);
    }
}
