package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.Embedding;
import org.djlgpt.nn.Functional;
import org.djlgpt.nn.FusedLoss;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.TensorBlock;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The GPT: token ids (B, T) of type INT32 or INT64 to logits (B, T, vocabSize), where logits [b, t]
 * score the token that follows after token t. T is at most the context length.
 *
 * <p>Parameters are drawn in the order token embedding, position embedding, blocks, final norm,
 * output layer; an output layer that is tied to the token embedding draws none.
 */
public final class GptModel extends TensorBlock implements FusedLoss {

    private final GptConfig config;
    private final Embedding tokenEmbedding;
    private final TensorBlock positions;
    private final Block[] embedding;
    private final List<TransformerBlock> blocks = new ArrayList<>();
    private final TensorBlock finalNorm;
    private final Linear output;

    /**
     * Makes a model that is drawn as GPT-2's authors drew theirs, so that it starts near a uniform
     * guess.
     *
     * @param config the sizes
     */
    public GptModel(GptConfig config) {
        this(config, Layers.gpt2(config.numLayers()));
    }

    /**
     * Makes a model.
     *
     * @param config the sizes
     * @param layers how linear layers and embeddings are made; {@link Layers#pytorch()} for figures
     *     that follow from a seed as in PyTorch
     */
    public GptModel(GptConfig config, Layers layers) {
        this.config = config;
        int embeddingDim = config.embeddingDim();
        GptParts parts = config.parts(layers);
        tokenEmbedding =
                addChildBlock(
                        "token_embedding", layers.embedding(config.vocabSize(), embeddingDim));
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
        output = config.tiedOutput() ? null : addChildBlock("output", head(layers));
    }

    private Linear head(Layers layers) {
        return layers.linear(Role.HEAD, config.embeddingDim(), config.vocabSize(), false);
    }

    /**
     * Returns the sizes.
     *
     * @return the configuration that the model was made from
     */
    public GptConfig config() {
        return config;
    }

    /**
     * Returns the table of token vectors.
     *
     * @return the embedding (V, E)
     */
    public Embedding tokenEmbedding() {
        return tokenEmbedding;
    }

    /**
     * Returns what tells the embedded tokens their positions.
     *
     * @return the block, or nothing if attention does it
     */
    public Optional<TensorBlock> positions() {
        return Optional.ofNullable(positions);
    }

    /**
     * Returns the layers.
     *
     * @return the transformer blocks in the order in which a token passes them
     */
    public List<TransformerBlock> blocks() {
        return Collections.unmodifiableList(blocks);
    }

    /**
     * Returns the norm behind the last block.
     *
     * @return the norm
     */
    public TensorBlock finalNorm() {
        return finalNorm;
    }

    /**
     * Returns the weight of the output layer.
     *
     * @return the parameter (V, E), the token embedding's if the output is tied to it
     */
    public Parameter outputWeight() {
        return output == null ? tokenEmbedding.weight() : output.weight();
    }

    /**
     * Counts the trainable numbers, a tied weight once; the model need not be initialized.
     *
     * @return the number of parameters
     */
    public long parameterCount() {
        return getParameters().values().stream().mapToLong(p -> p.getShape().size()).sum();
    }

    /**
     * Returns what every head of every layer looks at, as used without dropout.
     *
     * @param tokens token ids (B, T)
     * @return one array of weights (B, H, T, T) for each layer
     * @throws IllegalArgumentException if the model does not take {@code tokens}
     */
    public List<NDArray> attentionWeights(NDArray tokens) {
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

    @Override
    protected NDArray forward(NDArray tokens, Pass pass) {
        NDArray x = transform(tokens, pass); // (B, T, E)
        return Functional.linear(x, pass.value(outputWeight(), x), null); // (B, T, vocabSize)
    }

    @Override
    public NDArray loss(NDArray tokens, NDArray targets, Pass pass) {
        requireType(tokens.getDataType());
        requireShape(tokens.getShape());
        return scoped(() -> crossEntropy(tokens, targets, pass), tokens);
    }

    private NDArray crossEntropy(NDArray tokens, NDArray targets, Pass pass) {
        NDArray x = transform(tokens, pass); // (B, T, E)
        return CrossEntropy.ofProjection(x, pass.value(outputWeight(), x), targets);
    }

    private NDArray transform(NDArray tokens, Pass pass) {
        NDArray x = pass.through(tokens, embedding); // (B, T, E)
        for (TransformerBlock block : blocks) {
            x = pass.through(x, block); // (B, T, E)
        }
        return pass.through(x, finalNorm); // (B, T, E)
    }

    @Override
    protected void requireType(DataType type) {
        Checks.requireTokenIds(name(), type);
    }

    @Override
    protected void requireShape(Shape tokens) {
        Checks.requireRank(name(), tokens, "token ids (B, T)", 2, 2);
        Checks.requireContext(tokens.get(1), config.contextLength());
    }

    @Override
    protected Shape outputShape(Shape tokens) {
        return tokens.add(config.vocabSize());
    }

    @Override
    protected void initializeChildBlocks(
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
