package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.model.LlamaConfig.Relative;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** What the model's predictions may depend on, for random sizes and positions. */
class ModelCausalityTest {

    private static final float ROUNDING = 1e-5f;

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    /** The families, each with random sizes. */
    private enum Family {
        GPT2 {
            @Override
            GptConfig random(RandomArrays arrays) {
                int numHeads = arrays.between(1, 3);
                return Gpt2Config.builder()
                        .setVocabSize(arrays.between(5, 30))
                        .setContextLength(arrays.between(3, 9))
                        .setEmbeddingDim(numHeads * arrays.between(2, 6))
                        .setNumHeads(numHeads)
                        .setNumLayers(arrays.between(1, 3))
                        .optDropout(0.2f)
                        .optQkvBias(arrays.between(0, 1) == 1)
                        .optTiedOutput(arrays.between(0, 1) == 1)
                        .build();
            }
        },
        LLAMA {
            @Override
            GptConfig random(RandomArrays arrays) {
                int numKeyValueHeads = arrays.between(1, 3);
                Relative[] relatives = Relative.values();
                return LlamaConfig.builder()
                        .optRelative(relatives[arrays.between(0, relatives.length - 1)])
                        .setVocabSize(arrays.between(5, 30))
                        .setContextLength(arrays.between(3, 9))
                        .setEmbeddingDim(arrays.between(2, 12))
                        .setNumHeads(numKeyValueHeads * arrays.between(1, 3))
                        .setNumLayers(arrays.between(1, 3))
                        .optNumKeyValueHeads(numKeyValueHeads)
                        .optHeadDim(2 * arrays.between(1, 3))
                        .optSlidingWindow(arrays.between(2, 9))
                        .optDropout(0.2f)
                        .optTiedOutput(arrays.between(0, 1) == 1)
                        .build();
            }
        };

        abstract GptConfig random(RandomArrays arrays);
    }

    static Stream<Arguments> familiesAndSeeds() {
        return Stream.of(Family.values())
                .flatMap(
                        family ->
                                LongStream.rangeClosed(1, 6)
                                        .mapToObj(seed -> Arguments.of(family, seed)));
    }

    @ParameterizedTest
    @MethodSource("familiesAndSeeds")
    void changingFutureTokensLeavesThePastUnchanged(Family family, long seed) {
        RandomArrays arrays = new RandomArrays(manager, seed);
        GptModel model = randomModel(family, arrays);
        NDArray tokens = randomTokens(model, arrays);
        int length = (int) tokens.getShape().get(1);
        int present = arrays.between(0, length - 2);
        NDArray changed = tokens.duplicate();
        NDIndex future = new NDIndex(":, {}:", present + 1);
        changed.set(future, tokens.get(future).add(1).mod(model.config().vocabSize()));

        NDArray before = infer(model, tokens);
        NDArray after = infer(model, changed);

        NDIndex past = new NDIndex(":, :{}", present + 1);
        assertArrayEquals(floats(before.get(past)), floats(after.get(past)));
        assertFalse(Arrays.equals(floats(before), floats(after)), "the future has no effect");
    }

    @ParameterizedTest
    @MethodSource("familiesAndSeeds")
    void changingFutureVectorsLeavesThePastOfALayerUnchanged(Family family, long seed) {
        RandomArrays arrays = new RandomArrays(manager, seed);
        GptConfig config = family.random(arrays);
        int length = config.contextLength();
        int present = arrays.between(0, length - 2);
        NDArray x = arrays.normal(2, length, config.embeddingDim());
        NDArray changed = x.duplicate();
        NDIndex future = new NDIndex(":, {}:", present + 1);
        changed.set(future, arrays.normal(2, length - present - 1, config.embeddingDim()));
        TransformerBlock block = initialized(new TransformerBlock(config), manager, x.getShape());

        NDArray before = infer(block, x);
        NDArray after = infer(block, changed);

        NDIndex past = new NDIndex(":, :{}", present + 1);
        assertArrayEquals(floats(before.get(past)), floats(after.get(past)));
        assertFalse(Arrays.equals(floats(before), floats(after)), "the future has no effect");
    }

    @ParameterizedTest
    @MethodSource("familiesAndSeeds")
    void aRowIsTheSameWhateverTheOtherRowsAre(Family family, long seed) {
        RandomArrays arrays = new RandomArrays(manager, seed);
        GptModel model = randomModel(family, arrays);
        NDArray tokens = randomTokens(model, arrays);
        NDArray others = tokens.add(1).mod(model.config().vocabSize());
        others.set(new NDIndex("1"), tokens.get(1));

        float[] row = floats(infer(model, tokens).get(1));

        assertArrayEquals(row, floats(infer(model, others).get(1)), ROUNDING);
        assertArrayEquals(row, floats(infer(model, tokens.get("1:2"))), ROUNDING);
    }

    @ParameterizedTest
    @MethodSource("familiesAndSeeds")
    void aShortSequenceIsThePrefixOfALongOne(Family family, long seed) {
        RandomArrays arrays = new RandomArrays(manager, seed);
        GptModel model = randomModel(family, arrays);
        NDArray tokens = randomTokens(model, arrays);
        NDArray whole = infer(model, tokens);

        for (int length = 1; length < tokens.getShape().get(1); length++) {
            NDIndex prefix = new NDIndex(":, :{}", length);
            NDArray logits = infer(model, tokens.get(prefix));
            assertArrayEquals(floats(whole.get(prefix)), floats(logits), ROUNDING);
        }
    }

    private GptModel randomModel(Family family, RandomArrays arrays) {
        GptConfig config = family.random(arrays);
        return initialized(new GptModel(config), manager, new Shape(1, config.contextLength()));
    }

    private static NDArray randomTokens(GptModel model, RandomArrays arrays) {
        GptConfig config = model.config();
        return arrays.ids(config.vocabSize(), 3, config.contextLength());
    }

    private static float[] floats(NDArray array) {
        return array.toFloatArray();
    }
}
