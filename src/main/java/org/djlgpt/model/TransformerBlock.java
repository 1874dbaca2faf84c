package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.norm.Dropout;

import org.djlgpt.attention.CachedAttention;
import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.TensorBlock;

/**
 * One layer of the GPT, (B, T, E) to the same: attention between the tokens, then a feed-forward
 * network on each, both behind a norm and beside a shortcut ("pre-norm": Radford et al., 2019,
 * section 2.3).
 *
 * <pre>
 * x ──┬───────────────────────────────── + ──┬─────────────────────────────────── + ──▶
 *     └─ norm1 ─ attention ─ dropout ────┘   └─ norm2 ─ feedForward ─ dropout ────┘
 * </pre>
 *
 * <p>Parameters are drawn in the order attention, feed-forward, norms.
 */
public final class TransformerBlock extends TensorBlock {

    private final GptConfig config;
    private final CachedAttention attention;
    private final TensorBlock feedForward;
    private final TensorBlock norm1;
    private final TensorBlock norm2;
    private final Dropout dropout;

    /**
     * Makes a layer as a model of this configuration has it, drawn as PyTorch draws it.
     *
     * @param config the sizes
     */
    public TransformerBlock(GptConfig config) {
        this(config, Layers.pytorch());
    }

    /**
     * Makes a layer as a model of this configuration has it.
     *
     * @param config the sizes
     * @param layers how linear layers are made
     */
    public TransformerBlock(GptConfig config, Layers layers) {
        this(config.parts(layers));
    }

    /**
     * Makes a layer of parts.
     *
     * @param parts gives the attention, the feed-forward network, two norms and the dropout
     */
    public TransformerBlock(GptParts parts) {
        config = parts.config();
        attention = addChildBlock("attention", parts.attention());
        feedForward = addChildBlock("feed_forward", parts.feedForward());
        norm1 = addChildBlock("norm1", parts.norm());
        norm2 = addChildBlock("norm2", parts.norm());
        float rate = config.residualDropout();
        dropout = addChildBlock("dropout", Dropout.builder().optRate(rate).build());
    }

    /**
     * Returns what lets tokens look at each other.
     *
     * @return the attention
     */
    public CachedAttention attention() {
        return attention;
    }

    /**
     * Returns what works on each token by itself.
     *
     * @return the feed-forward network
     */
    public TensorBlock feedForward() {
        return feedForward;
    }

    /**
     * Returns the norm in front of the attention.
     *
     * @return the norm
     */
    public TensorBlock norm1() {
        return norm1;
    }

    /**
     * Returns the norm in front of the feed-forward network.
     *
     * @return the norm
     */
    public TensorBlock norm2() {
        return norm2;
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
        Checks.requireRank(name(), input, "(B, T, embeddingDim)", 3, 3);
        Checks.requireContext(input.get(1), config.contextLength());
        Checks.requireLastDimension(name(), input, "embeddingDim", config.embeddingDim());
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
