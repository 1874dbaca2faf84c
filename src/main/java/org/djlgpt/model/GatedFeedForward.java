package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.ActivationFunction;
import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.TensorBlock;

/**
 * A feed-forward network whose hidden values are opened and shut by a gate, (.., E) to the same:
 * down(silu(gate(x)) * up(x)), known as SwiGLU, without biases (Shazeer, "GLU Variants Improve
 * Transformer", 2020). Parameters are drawn in the order gate, up, down.
 */
public final class GatedFeedForward extends TensorBlock {

    private final int embeddingDim;
    private final Linear gate;
    private final Linear up;
    private final Linear down;

    /**
     * Makes a network that is drawn as PyTorch draws it.
     *
     * @param embeddingDim the width E of a token
     * @param hiddenDim the width of the gate; with 8/3 E the network has as many parameters as a
     *     {@link FeedForward}
     * @throws IllegalArgumentException if a width is below 1
     */
    public GatedFeedForward(int embeddingDim, int hiddenDim) {
        this(embeddingDim, hiddenDim, Layers.pytorch());
    }

    /**
     * Makes a network.
     *
     * @param embeddingDim the width E of a token
     * @param hiddenDim the width of the gate
     * @param layers how the linear layers are made
     * @throws IllegalArgumentException if a width is below 1
     */
    public GatedFeedForward(int embeddingDim, int hiddenDim, Layers layers) {
        this.embeddingDim = Checks.requirePositive("embeddingDim", embeddingDim);
        Checks.requirePositive("hiddenDim", hiddenDim);
        gate = addChildBlock("gate", layers.linear(Role.GATE, embeddingDim, hiddenDim, false));
        up = addChildBlock("up", layers.linear(Role.UP, embeddingDim, hiddenDim, false));
        down = addChildBlock("down", layers.linear(Role.DOWN, hiddenDim, embeddingDim, false));
    }

    /**
     * Returns the layer that makes the gate.
     *
     * @return a layer from E to hiddenDim
     */
    public Linear gate() {
        return gate;
    }

    /**
     * Returns the layer that makes the hidden values.
     *
     * @return a layer from E to hiddenDim
     */
    public Linear up() {
        return up;
    }

    /**
     * Returns the layer that leads back.
     *
     * @return a layer from hiddenDim to E
     */
    public Linear down() {
        return down;
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        NDList gateAndUp = Linear.sideBySide(x, pass, gate, up); // (.., hiddenDim) each
        NDArray open = ActivationFunction.SILU.apply(gateAndUp.get(0)); // (.., hiddenDim)
        return pass.through(open.mul(gateAndUp.get(1)), down); // (.., E)
    }

    @Override
    protected void requireShape(Shape input) {
        Checks.requireRank(name(), input, "(.., embeddingDim)", 1, Integer.MAX_VALUE);
        Checks.requireLastDimension(name(), input, "embeddingDim", embeddingDim);
    }

    @Override
    protected Shape outputShape(Shape input) {
        return input;
    }

    @Override
    protected void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {
        gate.initialize(manager, dataType, inputShapes);
        up.initialize(manager, dataType, inputShapes);
        down.initialize(manager, dataType, up.getOutputShapes(inputShapes));
    }
}
