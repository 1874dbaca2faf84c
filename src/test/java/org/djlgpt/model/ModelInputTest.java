package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Refusals.assertRefused;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.Layers;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad sizes and inputs of the model are refused with value, limit and remedy. */
class ModelInputTest {

    private static final Gpt2Config CONFIG =
            Gpt2Config.builder()
                    .setVocabSize(9)
                    .setContextLength(5)
                    .setEmbeddingDim(6)
                    .setNumHeads(2)
                    .setNumLayers(1)
                    .build();

    private NDManager manager;
    private GptModel model;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        model = initialized(new GptModel(CONFIG), manager, new Shape(1, 5));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void impossibleSizes() {
        assertRefused(() -> Gpt2Config.builder().build(), "vocabSize=0", "at least 1", "set");
        assertRefused(() -> CONFIG.toBuilder().setContextLength(0).build(), "contextLength=0");
        assertRefused(() -> CONFIG.toBuilder().setEmbeddingDim(-6).build(), "embeddingDim=-6");
        assertRefused(() -> CONFIG.toBuilder().setNumHeads(0).build(), "numHeads=0");
        assertRefused(() -> CONFIG.toBuilder().setNumLayers(0).build(), "numLayers=0");
        assertRefused(() -> new FeedForward(0), "embeddingDim=0", "at least 1");
        assertRefused(
                () -> FeedForward.builder().setEmbeddingDim(2).optHiddenDim(0).build(),
                "hiddenDim=0",
                "at least 1");
        assertRefused(() -> FeedForward.builder().build(), "embeddingDim=0", "set embeddingDim");
        assertRefused(() -> new GatedFeedForward(0, 2), "embeddingDim=0", "at least 1");
        assertRefused(() -> new GatedFeedForward(2, 0), "hiddenDim=0", "at least 1");
        assertRefused(() -> CONFIG.toBuilder().optHiddenDim(0).build(), "hiddenDim=0");
        assertRefused(() -> CONFIG.toBuilder().optNormEpsilon(0).build(), "epsilon=0.0");
        assertRefused(
                () -> new PositionEmbedding(0, 2, Layers.pytorch()), "contextLength=0", "least 1");
        assertRefused(
                () -> new PositionEmbedding(2, 0, Layers.pytorch()), "embeddingDim=0", "least 1");
    }

    @Test
    void impossibleSizesOfTheLlamaFamily() {
        assertRefused(() -> LlamaConfig.builder().build(), "embeddingDim=0", "at least 1", "set");
        assertRefused(() -> llama().setVocabSize(0).build(), "vocabSize=0", "at least 1", "set");
        assertRefused(() -> llama().setContextLength(0).build(), "contextLength=0");
        assertRefused(() -> llama().setEmbeddingDim(-6).build(), "embeddingDim=-6");
        assertRefused(() -> llama().setNumHeads(0).build(), "numHeads=0");
        assertRefused(() -> llama().setNumLayers(0).build(), "numLayers=0");
        assertRefused(() -> llama().optHiddenDim(0).build(), "hiddenDim=0");
        assertRefused(() -> llama().optNumKeyValueHeads(0).build(), "numKeyValueHeads=0");
        assertRefused(() -> llama().optHeadDim(0).build(), "headDim=0");
        assertRefused(() -> llama().optSlidingWindow(0).build(), "slidingWindow=0", "at least 1");
        assertRefused(() -> llama().optNormEpsilon(-1).build(), "epsilon=-1.0", "positive");
        assertRefused(() -> llama().optRopeBase(1).build(), "ropeBase=1.0", "above 1", "use 10000");
        assertRefused(() -> llama().optDropout(1).build(), "dropout=1.0", "[0, 1)", "use 0");
    }

    @Test
    void headsOfTheLlamaFamilyThatDoNotFit() {
        assertRefused(
                () -> llama().setNumHeads(8).optNumKeyValueHeads(3).optHeadDim(2).build(),
                "numKeyValueHeads=3",
                "numHeads=8",
                "use numKeyValueHeads=2 or 4");
        assertRefused(
                () -> llama().setNumHeads(5).build(),
                "numHeads=5",
                "embeddingDim=12",
                "use numHeads=4 or 6");
        assertRefused(() -> llama().setNumHeads(4).build(), "headDim=3", "must be even", "use 4");
    }

    private static LlamaConfig.Builder llama() {
        return LlamaConfig.builder()
                .setVocabSize(9)
                .setContextLength(5)
                .setEmbeddingDim(12)
                .setNumHeads(3)
                .setNumLayers(1);
    }

    @Test
    void headsThatDoNotDivideTheWidth() {
        assertRefused(
                () -> CONFIG.toBuilder().setNumHeads(4).build(),
                "numHeads=4",
                "embeddingDim=6",
                "use numHeads=3 or 6");
    }

    @ParameterizedTest
    @ValueSource(floats = {1, -0.1f, Float.NaN})
    void dropoutOutsideItsRange(float dropout) {
        assertRefused(
                () -> CONFIG.toBuilder().optDropout(dropout).build(),
                "dropout=" + dropout,
                "[0, 1)",
                "use 0");
    }

    @Test
    void moreTokensThanTheContext() {
        NDArray tokens = manager.zeros(new Shape(1, 6), DataType.INT64);
        String[] parts = {"6 tokens", "contextLength=5", "crop"};

        assertRefused(() -> infer(model, tokens), parts);
        assertRefused(() -> model.attentionWeights(tokens), parts);
        assertRefused(
                () -> new GptModel(CONFIG).initialize(manager, DataType.FLOAT32, tokens.getShape()),
                parts);
        assertRefused(() -> infer(layer(), manager.ones(new Shape(1, 6, 6))), parts);
    }

    @Test
    void wrongRank() {
        for (Shape shape : new Shape[] {new Shape(), new Shape(3), new Shape(1, 2, 3)}) {
            NDArray tokens = manager.zeros(shape, DataType.INT64);
            String[] parts = {"GptModel", shape.toString(), "(B, T)", "reshape"};
            assertRefused(() -> infer(model, tokens), parts);
            assertRefused(() -> model.attentionWeights(tokens), parts);
        }
    }

    @Test
    void wrongLastDimension() {
        assertRefused(
                () -> infer(layer(), manager.ones(new Shape(1, 3, 8))), "(1, 3, 8)", "=6", "build");
        NDArray x = manager.ones(new Shape(3, 8));
        FeedForward feedForward = initialized(new FeedForward(6), manager, new Shape(1, 6));
        assertRefused(() -> infer(feedForward, x), "(3, 8)", "embeddingDim=6", "build");
        GatedFeedForward gated = initialized(new GatedFeedForward(6, 4), manager, new Shape(1, 6));
        assertRefused(() -> infer(gated, x), "(3, 8)", "embeddingDim=6", "build");
        PositionEmbedding positions = new PositionEmbedding(5, 6, Layers.pytorch());
        initialized(positions, manager, new Shape(1, 1, 6));
        assertRefused(() -> infer(positions, x), "(3, 8)", "2 dimensions", "(B, T, embeddingDim)");
        assertRefused(() -> infer(positions, x.expandDims(0)), "(1, 3, 8)", "embeddingDim=6");
        NDArray tooLong = manager.ones(new Shape(1, 6, 6));
        assertRefused(() -> infer(positions, tooLong), "6 tokens", "contextLength=5", "crop");
    }

    @Test
    void floatsWhereTokenIdsBelongAndTheOtherWayRound() {
        NDArray floats = manager.zeros(new Shape(1, 3));
        NDArray ids = manager.zeros(new Shape(1, 3, 6), DataType.INT64);

        assertRefused(() -> infer(model, floats), "GptModel", "float32", "INT64", "toType");
        assertRefused(() -> model.attentionWeights(floats), "GptModel", "float32", "toType");
        assertRefused(() -> infer(layer(), ids), "TransformerBlock", "int64", "toType");
    }

    @ParameterizedTest
    @ValueSource(longs = {9, -1, 1L << 40})
    void tokensOutsideTheVocabulary(long id) {
        NDArray tokens = manager.create(new long[] {8, id, 0}, new Shape(1, 3));
        String[] parts = {"token id " + id, "position 1", "vocabulary of 9", "0 to 8", "tokenizer"};

        assertRefused(() -> infer(model, tokens), parts);
        assertRefused(() -> model.attentionWeights(tokens), parts);
    }

    @Test
    void moreArraysThanOne() {
        NDArray tokens = manager.zeros(new Shape(1, 3), DataType.INT64);

        assertRefused(
                () ->
                        model.forward(
                                new ParameterStore(manager, false),
                                new NDList(tokens, tokens),
                                false),
                "GptModel takes 1 array",
                "got 2",
                "pass one");
    }

    private TransformerBlock layer() {
        return initialized(new TransformerBlock(CONFIG), manager, new Shape(1, 5, 6));
    }
}
