package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.norm.Dropout;

import org.djlgpt.attention.MultiHeadAttention;
import org.djlgpt.nn.Initialization;
import org.djlgpt.nn.Inputs;
import org.djlgpt.nn.LayerNorm;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.TensorBlock;

/**
 * One layer of the GPT, (B, T, E) to the same: attention between the tokens, then a feed-forward
 * network on each, both behind a norm and beside a shortcut ("pre-norm": Radford et al., 2019,
 * section 2.3).
 *
 * <p>Parameters are drawn in the order attention, feed-forward, norms.
 */
public final class TransformerBlock extends TensorBlock {

    private final GptConfig config;
    private final MultiHeadAttention attention;
    private final FeedForward feedForward;
    private final LayerNorm norm1;
    private final LayerNorm norm2;
    private final Dropout dropout;

    /**
     * Makes a layer that PyTorch's defaults initialize.
     *
     * @param config the sizes
     */
    public TransformerBlock(GptConfig config) {
        this(config, Initialization.pytorch());
    }

    /**
     * Makes a layer.
     *
     * @param config the sizes
     * @param initialization how the parameters are drawn
     */
    public TransformerBlock(GptConfig config, Initialization initialization) {
        this.config = config;
        attention =
                addChildBlock(
                        "attention",
                        MultiHeadAttention.builder()
                                .setInputDim(config.embeddingDim())
                                .setOutputDim(config.embeddingDim())
                                .setContextLength(config.contextLength())
                                .setNumHeads(config.numHeads())
                                .optDropout(config.dropout())
                                .optQkvBias(config.qkvBias())
                                .optInitialization(initialization)
                                .build());
        feedForward =
                addChildBlock(
                        "feed_forward", new FeedForward(config.embeddingDim(), initialization));
        norm1 = addChildBlock("norm1", new LayerNorm(config.embeddingDim()));
        norm2 = addChildBlock("norm2", new LayerNorm(config.embeddingDim()));
        dropout = addChildBlock("dropout", Dropout.builder().optRate(config.dropout()).build());
    }

    @Override
    protected NDArray forward(NDArray x, Pass pass) {
        NDArray attended = x.add(pass.through(x, norm1, attention, dropout)); // (B, T, E)
        return attended.add(pass.through(attended, norm2, feedForward, dropout)); // (B, T, E)
    }

    NDArray attentionWeights(NDArray x, Pass pass) {
        return attention.attentionWeights(pass.through(x, norm1)); // (B, H, T, T)
    }

    @Override
    protected void requireShape(Shape input) {
        Inputs.requireRank(name(), input, "(B, T, embeddingDim)", 3, 3);
        Inputs.requireContext(input.get(1), config.contextLength());
        Inputs.requireLastDimension(name(), input, "embeddingDim", config.embeddingDim());
    }

    @Override
    protected Shape outputShape(Shape input) {
        return input;
    }

    @Override
    protected void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {
        for (Block child : getChildren().values()) {
            child.initialize(manager, dataType, inputShapes);
        }
    }
}
