package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.Embedding;
import org.djlgpt.nn.Initialization;
import org.djlgpt.nn.Inputs;
import org.djlgpt.nn.LanguageModel;
import org.djlgpt.nn.LayerNorm;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.TensorBlock;
import org.djlgpt.torch.Kernels;

import java.util.ArrayList;
import java.util.List;

/**
 * The GPT: token ids (B, T) of type INT32 or INT64 to logits (B, T, vocabSize), where logits [b, t]
 * score the token that follows after token t. T is at most the context length.
 *
 * <p>Parameters are drawn in the order token embedding, position embedding, blocks, final norm,
 * output layer; an output layer that is tied to the token embedding draws none.
 */
public final class GptModel extends TensorBlock implements LanguageModel {

    private final GptConfig config;
    private final Embedding tokenEmbedding;
    private final Embedding positionEmbedding;
    private final Dropout dropout;
    private final List<TransformerBlock> blocks = new ArrayList<>();
    private final LayerNorm finalNorm;
    private final Linear output;

    /**
     * Makes a model that PyTorch's defaults initialize.
     *
     * @param config the sizes
     */
    public GptModel(GptConfig config) {
        this(config, Initialization.pytorch());
    }

    /**
     * Makes a model.
     *
     * @param config the sizes
     * @param initialization how the parameters are drawn; {@code Initialization.gpt2(numLayers)}
     *     for GPT-2's, the better start for training with a tied output layer
     */
    public GptModel(GptConfig config, Initialization initialization) {
        this.config = config;
        int embeddingDim = config.embeddingDim();
        tokenEmbedding =
                addChildBlock(
                        "token_embedding",
                        new Embedding(config.vocabSize(), embeddingDim, initialization));
        positionEmbedding =
                addChildBlock(
                        "position_embedding",
                        new Embedding(config.contextLength(), embeddingDim, initialization));
        dropout = addChildBlock("dropout", Dropout.builder().optRate(config.dropout()).build());
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(addChildBlock("block", new TransformerBlock(config, initialization)));
        }
        finalNorm = addChildBlock("final_norm", new LayerNorm(embeddingDim));
        output = config.tiedOutput() ? null : addChildBlock("output", outputLayer(initialization));
    }

    private Linear outputLayer(Initialization initialization) {
        return Linear.builder()
                .setInputDim(config.embeddingDim())
                .setOutputDim(config.vocabSize())
                .optBias(false)
                .optInitialization(initialization)
                .build();
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
            NDArray x = embed(tokens, pass); // (B, T, E)
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
        return Linear.apply(x, pass.value(outputWeight(), x), null); // (B, T, vocabSize)
    }

    private Parameter outputWeight() {
        return output == null ? tokenEmbedding.weight() : output.weight(); // (vocabSize, E)
    }

    @Override
    public NDArray loss(NDArray tokens, NDArray targets, Pass pass) {
        requireType(tokens.getDataType());
        requireShape(tokens.getShape());
        return scoped(() -> crossEntropy(tokens, targets, pass), tokens);
    }

    private NDArray crossEntropy(NDArray tokens, NDArray targets, Pass pass) {
        NDArray weight = pass.value(outputWeight(), tokens); // (vocabSize, E)
        if (!Kernels.supports(weight)) {
            return CrossEntropy.mean(forward(tokens, pass), targets);
        }
        NDArray x = transform(tokens, pass); // (B, T, E)
        return CrossEntropy.ofProjection(x, Autocast.cast(weight), targets);
    }

    private NDArray transform(NDArray tokens, Pass pass) {
        NDArray x = embed(tokens, pass); // (B, T, E)
        for (TransformerBlock block : blocks) {
            x = pass.through(x, block); // (B, T, E)
        }
        return pass.through(x, finalNorm); // (B, T, E)
    }

    private NDArray embed(NDArray tokens, Pass pass) {
        NDArray positions = positions(tokens); // (T)
        NDArray x =
                pass.through(tokens, tokenEmbedding)
                        .add(pass.through(positions, positionEmbedding));
        return pass.through(x, dropout); // (B, T, E)
    }

    private static NDArray positions(NDArray tokens) {
        int length = (int) tokens.getShape().get(1);
        return tokens.getManager().arange(0, length, 1, DataType.INT64, tokens.getDevice());
    }

    @Override
    protected void requireType(DataType type) {
        Inputs.requireTokenIds(name(), type);
    }

    @Override
    protected void requireShape(Shape tokens) {
        Inputs.requireRank(name(), tokens, "token ids (B, T)", 2, 2);
        Inputs.requireContext(tokens.get(1), config.contextLength());
    }

    @Override
    protected Shape outputShape(Shape tokens) {
        return tokens.add(config.vocabSize());
    }

    @Override
    protected void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {
        Shape[] embedded = {inputShapes[0].add(config.embeddingDim())};
        tokenEmbedding.initialize(manager, dataType, inputShapes);
        positionEmbedding.initialize(manager, dataType, inputShapes);
        dropout.initialize(manager, dataType, embedded);
        blocks.forEach(block -> block.initialize(manager, dataType, embedded));
        finalNorm.initialize(manager, dataType, embedded);
        if (output != null) {
            output.initialize(manager, dataType, embedded);
        }
    }
}
