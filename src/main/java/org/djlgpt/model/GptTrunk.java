package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Embedding;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.TensorBlock;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What all models of a family have below their head: token ids (B, T) of type INT32 or INT64 to
 * hidden states (B, T, E). T is at most the context length. A subclass adds the head.
 *
 * <p>Parameters are drawn in the order token embedding, position embedding, blocks, final norm,
 * head.
 */
public abstract sealed class GptTrunk extends TensorBlock permits GptModel, SequenceClassifier {

    private final GptConfig config;
    private final Embedding tokenEmbedding;
    private final TensorBlock positions;
    private final Block[] embedding;
    private final List<TransformerBlock> blocks = new ArrayList<>();
    private final TensorBlock finalNorm;

    /**
     * Makes the blocks below the head.
     *
     * @param config the sizes
     * @param layers how linear layers and embeddings are made
     */
    GptTrunk(GptConfig config, Layers layers) {
        this.config = config;
        GptParts parts = config.parts(layers);
        tokenEmbedding =
                addChildBlock(
                        "token_embedding",
                        layers.embedding(config.vocabSize(), config.embeddingDim()));
        positions = parts.positions().map(p -> addChildBlock("position_embedding", p)).orElse(null);
        Dropout dropout = Dropout.builder().optRate(config.embeddingDropout()).build();
        addChildBlock("dropout", dropout);
        embedding =
                Stream.of(tokenEmbedding, positions, dropout)
                        .filter(Objects::nonNull)
                        .toArray(Block[]::new);
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(addChildBlock("block", new TransformerBlock(parts)));
        }
        finalNorm = addChildBlock("final_norm", parts.norm());
    }

    /**
     * Returns the sizes.
     *
     * @return the configuration that the model was made from
     */
    public final GptConfig config() {
        return config;
    }

    /**
     * Returns the table of token vectors.
     *
     * @return the embedding (V, E)
     */
    public final Embedding tokenEmbedding() {
        return tokenEmbedding;
    }

    /**
     * Returns what tells the embedded tokens their positions.
     *
     * @return the block, or nothing if attention does it
     */
    public final Optional<TensorBlock> positions() {
        return Optional.ofNullable(positions);
    }

    /**
     * Returns the layers.
     *
     * @return the transformer blocks in the order in which a token passes them
     */
    public final List<TransformerBlock> blocks() {
        return Collections.unmodifiableList(blocks);
    }

    /**
     * Returns the norm behind the last block.
     *
     * @return the norm
     */
    public final TensorBlock finalNorm() {
        return finalNorm;
    }

    /**
     * Counts the numbers of all parameters, a tied weight once; the model need not be initialized.
     *
     * @return the number of parameters
     */
    public final long parameterCount() {
        return getParameters().values().stream().mapToLong(p -> p.getShape().size()).sum();
    }

    /**
     * Returns what every head of every layer looks at, as used without dropout.
     *
     * @param tokens token ids (B, T)
     * @return one array of weights (B, H, T, T) for each layer
     * @throws IllegalArgumentException if the model does not take {@code tokens}
     */
    public final List<NDArray> attentionWeights(NDArray tokens) {
        requireType(tokens.getDataType());
        requireShape(tokens.getShape());
        Pass pass = new Pass(new ParameterStore(tokens.getManager(), false), false);
        List<NDArray> weights = new ArrayList<>();
        try (NDScope scope = new NDScope()) {
            NDArray x = pass.through(tokens, embedding); // (B, T, E)
            for (TransformerBlock block : blocks) {
                weights.add(block.attentionWeights(x, pass)); // (B, H, T, T)
                x = weights.size() == blocks.size() ? x : pass.through(x, block);
            }
        }
        return weights;
    }

    /**
     * Keeps the tables of token and position vectors as they are: they require no gradient from now
     * on. An output layer that is tied to the token embedding is frozen with it.
     */
    public final void freezeEmbeddings() {
        tokenEmbedding.freezeParameters(true);
        positions().ifPresent(table -> table.freezeParameters(true));
    }

    /**
     * Keeps blocks as they are: their parameters require no gradient from now on, an adapter's
     * among them. The backward pass ends at the lowest part that is trained: where the embeddings
     * are frozen and the first blocks with them, it costs what the others cost.
     *
     * @param from the first of the blocks, counted from 0
     * @param to the one behind the last
     * @throws IllegalArgumentException if there are no such blocks; nothing has changed then
     */
    public final void freezeBlocks(int from, int to) {
        if (from < 0 || from >= to || to > blocks.size()) {
            throw new IllegalArgumentException(
                    "blocks %d to %d can't be frozen: the model has blocks 0 to %d; name some of them"
                            .formatted(from, to - 1, blocks.size() - 1));
        }
        blocks.subList(from, to).forEach(block -> block.freezeParameters(true));
    }

    /** Makes another model of the same sizes, not yet initialized. */
    abstract GptTrunk outline(Layers layers);

    /** Computes the hidden states (B, T, E) of token ids (B, T). */
    final NDArray hidden(NDArray tokens, Pass pass) {
        NDArray x = pass.through(tokens, embedding); // (B, T, E)
        for (TransformerBlock block : blocks) {
            x = pass.through(x, block); // (B, T, E)
        }
        return pass.through(x, finalNorm); // (B, T, E)
    }

    @Override
    protected final void requireType(DataType type) {
        Checks.requireTokenIds(name(), type);
    }

    @Override
    protected void requireShape(Shape tokens) {
        Checks.requireRank(name(), tokens, "token ids (B, T)", 2, 2);
        Checks.requireContext(tokens.get(1), config.contextLength());
    }

    @Override
    protected final void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {
        tokenEmbedding.initialize(manager, dataType, inputShapes);
        Shape embedded = inputShapes[0].add(config.embeddingDim()); // (B, T, E)
        for (Block child : getChildren().values()) {
            if (child != tokenEmbedding) {
                child.initialize(manager, dataType, embedded);
            }
        }
    }
}
