package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;

import org.djlgpt.attention.CausalAttention;
import org.djlgpt.attention.CausalMask;
import org.djlgpt.attention.GroupedQueryAttention;
import org.djlgpt.attention.MultiHeadAttention;
import org.djlgpt.attention.MultiHeadAttentionWrapper;
import org.djlgpt.attention.RotaryEmbedding;
import org.djlgpt.attention.SelfAttentionV1;
import org.djlgpt.attention.SelfAttentionV2;
import org.djlgpt.attention.SimplifiedSelfAttention;
import org.djlgpt.nn.ActivationFunction;
import org.djlgpt.nn.Embedding;
import org.djlgpt.nn.LayerNorm;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.RmsNorm;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/** What DJL saves of a block and loads into another. */
class BlockPersistenceTest {

    private static final int WIDTH = 6;
    private static final Gpt2Config CONFIG =
            Gpt2Config.builder()
                    .setVocabSize(9)
                    .setContextLength(5)
                    .setEmbeddingDim(WIDTH)
                    .setNumHeads(2)
                    .setNumLayers(2)
                    .optDropout(0.1f)
                    .optQkvBias(true)
                    .build();

    @TempDir private Path folder;
    private NDManager manager;
    private RandomArrays arrays;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        arrays = new RandomArrays(manager, 1);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    /** Blocks by the width of their input. */
    static Stream<Arguments> blocksWithParameters() {
        return Stream.of(
                block("Linear", width -> linear(width)),
                block("LayerNorm", LayerNorm::new),
                block("RmsNorm", width -> new RmsNorm(width, 1e-5)),
                block("SelfAttentionV1", BlockPersistenceTest::selfAttentionV1),
                block("SelfAttentionV2", BlockPersistenceTest::selfAttentionV2),
                block("CausalAttention", BlockPersistenceTest::causalAttention),
                block("MultiHeadAttentionWrapper", BlockPersistenceTest::wrapper),
                block("MultiHeadAttention", BlockPersistenceTest::multiHeadAttention),
                block("GroupedQueryAttention", BlockPersistenceTest::groupedQueryAttention),
                block("FeedForward", FeedForward::new),
                block("GatedFeedForward", width -> new GatedFeedForward(width, 5)),
                block("PositionEmbedding", BlockPersistenceTest::positionEmbedding),
                block("TransformerBlock of a Llama", width -> new TransformerBlock(llama(width))),
                block("TransformerBlock", width -> new TransformerBlock(config(width))));
    }

    static Stream<Arguments> blocksWithoutParameters() {
        return Stream.of(
                block("Gelu", width -> ActivationFunction.GELU_TANH.block()),
                block("RotaryEmbedding", RotaryEmbedding::new),
                block("SimplifiedSelfAttention", width -> new SimplifiedSelfAttention()),
                block("CausalMask", width -> new CausalMask(8)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"blocksWithParameters", "blocksWithoutParameters"})
    void aLoadedBlockGivesTheSameOutputs(String name, IntFunction<Block> blocks) throws Exception {
        NDArray x = arrays.normal(2, WIDTH, WIDTH);

        assertRoundTrip(blocks.apply(WIDTH), blocks.apply(WIDTH), x);
    }

    @Test
    void aLoadedEmbeddingGivesTheSameVectors() throws Exception {
        assertRoundTrip(embedding(7), embedding(7), arrays.ids(7, 2, 4));
    }

    static Stream<GptConfig> models() {
        return Stream.of(
                CONFIG.toBuilder().optTiedOutput(true).build(),
                CONFIG.toBuilder().optTiedOutput(false).build(),
                llama(WIDTH),
                llama(WIDTH).toBuilder().optTiedOutput(false).build());
    }

    @ParameterizedTest
    @MethodSource("models")
    void aLoadedModelGivesTheSameLogits(GptConfig config) throws Exception {
        assertRoundTrip(new GptModel(config), new GptModel(config), arrays.ids(9, 2, 5));
    }

    private void assertRoundTrip(Block saved, Block loaded, NDArray x) throws Exception {
        initialized(saved, manager, x.getShape());
        Blocks.randomize(saved, arrays);

        loaded.loadParameters(manager, saved(saved));

        assertTrue(loaded.isInitialized());
        assertArrayEquals(infer(saved, x).toFloatArray(), infer(loaded, x).toFloatArray());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("blocksWithParameters")
    void aBlockOfOtherSizesIsRefused(String name, IntFunction<Block> blocks) throws Exception {
        Block saved = initialized(blocks.apply(WIDTH), manager, new Shape(2, WIDTH, WIDTH));
        DataInputStream stream = saved(saved);
        Block wider = blocks.apply(2 * WIDTH);

        assertRefused(
                MalformedModelException.class,
                () -> wider.loadParameters(manager, stream),
                String.valueOf(WIDTH),
                String.valueOf(2 * WIDTH),
                "as it was when it was saved");
    }

    @Test
    void anEmbeddingOfOtherSizesIsRefused() throws Exception {
        Block saved = initialized(embedding(7), manager, new Shape(1));
        DataInputStream stream = saved(saved);

        assertRefused(
                MalformedModelException.class,
                () -> embedding(8).loadParameters(manager, stream),
                "(7, 3)",
                "(8, 3)");
    }

    @Test
    void aRefusedBlockKeepsNothingOfTheFile() throws Exception {
        DataInputStream stream = saved(initialized(embedding(7), manager, new Shape(1)));
        Block other = initialized(embedding(8), manager, new Shape(1));
        int before = manager.getManagedArrays().size();

        assertThrows(MalformedModelException.class, () -> other.loadParameters(manager, stream));

        assertFalse(other.isInitialized());
        assertTrue(
                manager.getManagedArrays().size() < before, "old and refused weights are closed");
        initialized(other, manager, new Shape(1));
    }

    @Test
    void anotherBlockIsRefused() throws Exception {
        Block saved = initialized(linear(WIDTH), manager, new Shape(1, WIDTH));
        DataInputStream stream = saved(saved);

        assertRefused(
                MalformedModelException.class,
                () -> new LayerNorm(WIDTH).loadParameters(manager, stream),
                "weight",
                "scale");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aModelOfAnotherNumberOfLayersIsExplained(int numLayers) throws Exception {
        GptModel two = new GptModel(CONFIG.toBuilder().setNumLayers(2).build());
        DataInputStream stream = saved(initialized(two, manager, new Shape(1, 5)));
        GptModel other = new GptModel(CONFIG.toBuilder().setNumLayers(numLayers).build());

        assertRefused(
                MalformedModelException.class,
                () -> other.loadParameters(manager, stream),
                "build the block as it was when it was saved");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void djlSavesAndLoadsTheModel(boolean tied) throws Exception {
        Gpt2Config config = CONFIG.toBuilder().optTiedOutput(tied).build();
        NDArray tokens = arrays.ids(9, 2, 5);
        float[] logits;
        try (Model model = Model.newInstance("gpt", ComputeDevice.get())) {
            model.setBlock(initialized(new GptModel(config), manager, tokens.getShape()));
            logits = infer(model.getBlock(), tokens).toFloatArray();
            model.save(folder, "gpt");
        }

        try (Model model = Model.newInstance("gpt", ComputeDevice.get())) {
            model.setBlock(new GptModel(config));
            model.load(folder, "gpt");
            assertArrayEquals(logits, infer(model.getBlock(), tokens).toFloatArray());
        }
        try (Model model = Model.newInstance("gpt", ComputeDevice.get())) {
            Gpt2Config other = config.toBuilder().setContextLength(6).build();
            model.setBlock(new GptModel(other));
            assertRefused(
                    MalformedModelException.class, () -> model.load(folder, "gpt"), "(5", "(6");
        }
    }

    @Test
    void aTiedModelStoresItsEmbeddingOnce() throws Exception {
        int tied = bytes(new GptModel(CONFIG)).length;
        int separate = bytes(new GptModel(CONFIG.toBuilder().optTiedOutput(false).build())).length;

        assertTrue(separate - tied >= 9 * WIDTH * Float.BYTES);
    }

    private byte[] bytes(Block block) throws IOException {
        initialized(block, manager, new Shape(1, 1));
        return saved(block).readAllBytes();
    }

    private static DataInputStream saved(Block block) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        block.saveParameters(new DataOutputStream(bytes));
        return new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()));
    }

    private static Arguments block(String name, IntFunction<Block> blocks) {
        return Arguments.of(name, blocks);
    }

    private static Block embedding(int numEmbeddings) {
        return new Embedding(numEmbeddings, 3);
    }

    private static Block linear(int width) {
        return Linear.builder().setInputDim(width).setOutputDim(3).build();
    }

    private static Block selfAttentionV1(int width) {
        return SelfAttentionV1.builder().setInputDim(width).setOutputDim(3).build();
    }

    private static Block selfAttentionV2(int width) {
        return SelfAttentionV2.builder()
                .setInputDim(width)
                .setOutputDim(3)
                .optQkvBias(true)
                .build();
    }

    private static Block causalAttention(int width) {
        return CausalAttention.builder()
                .setInputDim(width)
                .setOutputDim(3)
                .setContextLength(8)
                .build();
    }

    private static Block wrapper(int width) {
        return MultiHeadAttentionWrapper.builder()
                .setInputDim(width)
                .setOutputDim(3)
                .setNumHeads(2)
                .setContextLength(8)
                .build();
    }

    private static Block multiHeadAttention(int width) {
        return MultiHeadAttention.builder()
                .setInputDim(width)
                .setOutputDim(4)
                .setNumHeads(2)
                .setContextLength(8)
                .build();
    }

    private static Block groupedQueryAttention(int width) {
        return GroupedQueryAttention.builder()
                .setInputDim(width)
                .setOutputDim(8)
                .setNumHeads(4)
                .setNumKeyValueHeads(2)
                .setContextLength(8)
                .optRotary(new RotaryEmbedding(2))
                .optQueryKeyNorm(1e-5)
                .optQkvBias(true)
                .build();
    }

    private static Block positionEmbedding(int width) {
        return new PositionEmbedding(8, width, Layers.pytorch());
    }

    private static LlamaConfig llama(int width) {
        return LlamaConfig.builder()
                .optRelative(LlamaConfig.Relative.QWEN3)
                .setVocabSize(9)
                .setContextLength(8)
                .setEmbeddingDim(width)
                .setNumHeads(4)
                .setNumLayers(2)
                .optNumKeyValueHeads(2)
                .optHeadDim(4)
                .optDropout(0.1f)
                .build();
    }

    private static Gpt2Config config(int width) {
        return CONFIG.toBuilder().setContextLength(8).setEmbeddingDim(width).build();
    }
}
