package org.djlgpt.attention;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;

import org.djlgpt.attention.RotaryEmbedding.Scaling;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.EnumSet;

/** Bad sizes and inputs of the ladder are refused with value, limit and remedy. */
class AttentionInputTest {

    private static final Rung.Sizes SIZES = new Rung.Sizes(2, 4, 5, 3, 2, 2, true, 0);

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @CsvSource({
        "5, 64, use numHeads=4 or 8",
        "3, 4, use numHeads=2 or 4",
        "9, 8, use numHeads=8",
        "2147483647, 8, use numHeads=8"
    })
    void headsThatDoNotDivideTheWidth(int numHeads, int outputDim, String remedy) {
        MultiHeadAttention.Builder builder =
                MultiHeadAttention.builder()
                        .setInputDim(3)
                        .setOutputDim(outputDim)
                        .setContextLength(4)
                        .setNumHeads(numHeads);

        String message = assertThrows(IllegalArgumentException.class, builder::build).getMessage();
        assertEquals(
                "numHeads=%d must divide outputDim=%d; %s".formatted(numHeads, outputDim, remedy),
                message);
    }

    @ParameterizedTest
    @ValueSource(floats = {1, -0.1f, 2, Float.NaN, Float.POSITIVE_INFINITY})
    void dropoutOutsideItsRange(float dropout) {
        for (Rung rung : EnumSet.range(Rung.CAUSAL, Rung.GROUPED_QUERY)) {
            Rung.Sizes sizes = new Rung.Sizes(2, 4, 5, 3, 2, 2, true, dropout);
            assertRefused(() -> rung.build(sizes), "dropout=" + dropout, "[0, 1)", "use 0");
        }
    }

    @ParameterizedTest
    @EnumSource(names = "SIMPLIFIED", mode = EnumSource.Mode.EXCLUDE)
    void missingSizes(Rung rung) {
        Rung.Sizes noInput = new Rung.Sizes(2, 4, 5, 0, 2, 2, true, 0);
        Rung.Sizes noOutput = new Rung.Sizes(2, 4, 5, 3, 0, 2, true, 0);

        assertRefused(() -> rung.build(noInput), "inputDim=0", "at least 1", "set inputDim");
        assertRefused(() -> rung.build(noOutput), "outputDim=0", "at least 1", "set outputDim");
        if (rung.isCausal()) {
            Rung.Sizes noContext = new Rung.Sizes(2, 4, 0, 3, 2, 2, true, 0);
            assertRefused(() -> rung.build(noContext), "contextLength=0", "set contextLength");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "3, use numKeyValueHeads=2 or 4",
        "5, use numKeyValueHeads=4 or 8",
        "16, use numKeyValueHeads=8"
    })
    void keysThatHeadsCannotShareEvenly(int numKeyValueHeads, String remedy) {
        GroupedQueryAttention.Builder builder =
                groupedQuery().setNumKeyValueHeads(numKeyValueHeads);

        String message = assertThrows(IllegalArgumentException.class, builder::build).getMessage();
        assertEquals(
                "numKeyValueHeads=%d must divide numHeads=8; %s"
                        .formatted(numKeyValueHeads, remedy),
                message);
    }

    @Test
    void partsOfGroupedAttentionThatDoNotFit() {
        GroupedQueryAttention.Builder builder = groupedQuery();
        assertRefused(
                () -> groupedQuery().setNumKeyValueHeads(0).build(),
                "numKeyValueHeads=0",
                "at least 1",
                "set numKeyValueHeads");
        assertRefused(
                () -> groupedQuery().setOutputDim(12).build(),
                "numHeads=8",
                "outputDim=12",
                "use numHeads=6 or 12");
        assertRefused(
                () -> groupedQuery().optHeadDim(0).build(),
                "headDim=0",
                "at least 1",
                "set headDim");
        assertRefused(
                () -> groupedQuery().optSlidingWindow(0).build(),
                "slidingWindow=0",
                "at least 1",
                "set slidingWindow");
        assertRefused(
                () -> groupedQuery().optQueryKeyNorm(0).build(),
                "epsilon=0.0",
                "positive",
                "use 1e-5");
        assertRefused(
                () -> groupedQuery().optRotary(new RotaryEmbedding(6)).build(),
                "headDim=6",
                "headDim=2",
                "make it for 2");
    }

    @ParameterizedTest
    @CsvSource({"7, use 8", "1, use 2", "0, use 2", "-4, use 2"})
    void headsThatCannotBeRotatedInPairs(int headDim, String remedy) {
        assertRefused(
                () -> new RotaryEmbedding(headDim), "headDim=" + headDim, "must be even", remedy);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, 0, -10000, Double.NaN, Double.POSITIVE_INFINITY})
    void rotationsOfImpossibleSpeed(double number) {
        assertRefused(
                () -> new RotaryEmbedding(4, number, Scaling.none()),
                "ropeBase=" + number,
                "above 1",
                "use 10000");
        double factor = number == 1 ? 0.5 : number;
        String[] parts = {"factor=" + factor, "at least 1", "leave the scaling out"};
        assertRefused(() -> new Scaling.Linear(factor), parts);
        assertRefused(() -> new Scaling.Llama3(factor, 1, 4, 8192), parts);
    }

    @Test
    void llama3ScalingThatBlendsNothing() {
        assertRefused(
                () -> new Scaling.Llama3(8, 4, 4, 8192),
                "lowFrequencyFactor=4.0",
                "below highFrequencyFactor=4.0");
        assertRefused(() -> new Scaling.Llama3(8, 0, 4, 8192), "lowFrequencyFactor=0.0");
        assertRefused(() -> new Scaling.Llama3(8, 1, 4, 0), "originalContextLength=0", "least 1");
    }

    @Test
    void whatARotationCannotTurn() {
        RotaryEmbedding rotary = new RotaryEmbedding(4);
        NDArray wide = manager.ones(new Shape(1, 2, 3, 6));
        NDArray flat = manager.ones(new Shape(4));
        NDArray x = manager.ones(new Shape(3, 4));

        String[] parts = {"RotaryEmbedding", "(1, 2, 3, 6)", "headDim=4", "build"};
        assertRefused(() -> infer(rotary, wide), parts);
        assertRefused(() -> rotary.rotate(wide, 0), parts);
        assertRefused(() -> infer(rotary, flat), "1 dimensions", "(.., T, headDim)");
        assertRefused(() -> rotary.rotate(flat, 0), "1 dimensions", "(.., T, headDim)");
        assertRefused(() -> rotary.rotate(x, -1), "start=-1", "at least 0");
    }

    private static GroupedQueryAttention.Builder groupedQuery() {
        return GroupedQueryAttention.builder()
                .setInputDim(3)
                .setOutputDim(16)
                .setContextLength(4)
                .setNumHeads(8)
                .setNumKeyValueHeads(4);
    }

    @Test
    void missingHeads() {
        MultiHeadAttentionWrapper.Builder wrapper =
                MultiHeadAttentionWrapper.builder()
                        .setInputDim(3)
                        .setOutputDim(2)
                        .setContextLength(4);
        MultiHeadAttention.Builder multiHead =
                MultiHeadAttention.builder()
                        .setInputDim(3)
                        .setOutputDim(2)
                        .setContextLength(4)
                        .setNumHeads(-1);

        assertRefused(wrapper::build, "numHeads=0", "at least 1", "set numHeads");
        assertRefused(multiHead::build, "numHeads=-1", "at least 1", "set numHeads");
        assertRefused(() -> new CausalMask(0), "contextLength=0", "at least 1");
    }

    @ParameterizedTest
    @EnumSource(names = {"CAUSAL", "WRAPPER", "MULTI_HEAD", "GROUPED_QUERY"})
    void moreTokensThanTheContext(Rung rung) {
        SelfAttention block = block(rung);
        NDArray x = manager.ones(new Shape(1, 6, 3));
        String[] parts = {"6 tokens", "contextLength=5", "crop"};

        assertRefused(() -> infer(block, x), parts);
        assertRefused(() -> block.attentionWeights(x), parts);
        assertRefused(() -> block.attentionScores(x), parts);
        assertRefused(() -> block.getOutputShapes(new Shape[] {x.getShape()}), parts);
        assertRefused(
                () -> rung.build(SIZES).initialize(manager, DataType.FLOAT32, x.getShape()), parts);
    }

    @ParameterizedTest
    @EnumSource
    void wrongRank(Rung rung) {
        SelfAttention block = block(rung);
        Shape[] wrong = {new Shape(), new Shape(3), new Shape(1, 2, 4, 3)};
        for (Shape shape : wrong) {
            NDArray x = manager.ones(shape);
            String[] parts = {shape.toString(), "(B, T, inputDim)", "reshape"};
            assertRefused(() -> infer(block, x), parts);
            assertRefused(() -> block.attentionWeights(x), parts);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CAUSAL", "WRAPPER", "MULTI_HEAD", "GROUPED_QUERY"})
    void oneSequenceWhereABatchBelongs(Rung rung) {
        assertRefused(
                () -> infer(block(rung), manager.ones(new Shape(4, 3))),
                "(4, 3)",
                "2 dimensions",
                "(B, T, inputDim)");
    }

    @ParameterizedTest
    @EnumSource(names = "SIMPLIFIED", mode = EnumSource.Mode.EXCLUDE)
    void wrongLastDimension(Rung rung) {
        SelfAttention block = block(rung);
        NDArray x = manager.ones(new Shape(2, 4, 7));

        assertRefused(() -> infer(block, x), "(2, 4, 7)", "inputDim=3", "build", "inputDim=7");
        assertRefused(() -> block.attentionWeights(x), "(2, 4, 7)", "inputDim=3");
    }

    @ParameterizedTest
    @EnumSource
    void tokenIdsWhereVectorsBelong(Rung rung) {
        SelfAttention block = block(rung);
        NDArray x = manager.ones(new Shape(2, 4, 3), DataType.INT64);

        assertRefused(() -> infer(block, x), "int64", "toType");
        assertRefused(() -> block.attentionWeights(x), "int64", "toType");
    }

    @ParameterizedTest
    @EnumSource
    void moreArraysThanOne(Rung rung) {
        NDArray x = manager.ones(new Shape(2, 4, 3));

        assertRefused(
                () ->
                        block(rung)
                                .forward(
                                        new ParameterStore(manager, false),
                                        new NDList(x, x),
                                        false),
                "takes 1 array",
                "got 2",
                "pass one");
    }

    @Test
    void scoresThatAreNotSquareOrTooManyForTheMask() {
        CausalMask mask = new CausalMask(4);

        assertRefused(() -> infer(mask, manager.ones(new Shape(2, 3))), "(2, 3)", "T=2");
        assertRefused(() -> infer(mask, manager.ones(new Shape(3))), "1 dimensions", "(.., T, T)");
        assertRefused(
                () -> infer(mask, manager.ones(new Shape(5, 5))), "5 tokens", "contextLength=4");
        assertRefused(() -> infer(mask, manager.ones(new Shape(2, 2), DataType.INT32)), "int32");
    }

    @Test
    void singleQueriesThatDoNotFit() {
        NDArray inputs = manager.ones(new Shape(3, 2));
        NDArray weights = manager.ones(new Shape(4));

        assertRefused(() -> SimplifiedSelfAttention.scores(inputs, 3), "query=3", "[0, 3)");
        assertRefused(() -> SimplifiedSelfAttention.scores(inputs, -1), "query=-1", "[0, 3)");
        assertRefused(() -> SimplifiedSelfAttention.scores(weights, 0), "(4)", "(T, d)");
        assertRefused(() -> SimplifiedSelfAttention.weights(inputs), "(3, 2)", "(T)");
        assertRefused(
                () -> SimplifiedSelfAttention.context(weights, inputs), "4 weights", "3 tokens");
    }

    private SelfAttention block(Rung rung) {
        return initialized(rung.build(SIZES), manager, SIZES.input());
    }
}
