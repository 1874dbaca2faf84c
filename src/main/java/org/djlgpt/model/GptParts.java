package org.djlgpt.model;

import org.djlgpt.attention.CachedAttention;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.TensorBlock;

import java.util.Optional;

/**
 * What a model of some configuration is made of. Each call makes a part of its own, not yet
 * initialized; {@link TransformerBlock} and {@link GptModel} put them together.
 */
public interface GptParts {

    /**
     * Returns the sizes.
     *
     * @return the configuration that the parts are for
     */
    GptConfig config();

    /**
     * Returns how linear layers and embeddings are made.
     *
     * @return the layers
     */
    Layers layers();

    /**
     * Makes what tells the embedded tokens (B, T, E) their positions.
     *
     * @return the block, or nothing if attention does it
     */
    Optional<TensorBlock> positions();

    /**
     * Makes the attention of a transformer block.
     *
     * @return a block (B, T, E) to the same
     */
    CachedAttention attention();

    /**
     * Makes the feed-forward network of a transformer block.
     *
     * @return a block (.., E) to the same
     */
    TensorBlock feedForward();

    /**
     * Makes a norm: two of a transformer block, and the one after them all.
     *
     * @return a block (.., E) to the same
     */
    TensorBlock norm();
}
