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

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad sizes and inputs of the ladder are refused with value, limit and remedy. */
class AttentionInputTest {

    private static final Rung.Sizes SIZES = new Rung.Sizes(2, 4, 5, 3, 2, 2, true, 0);

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager();
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
        for (Rung rung : new Rung[] {Rung.CAUSAL, Rung.WRAPPER, Rung.MULTI_HEAD}) {
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
    @EnumSource(names = {"CAUSAL", "WRAPPER", "MULTI_HEAD"})
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
    @EnumSource(names = {"CAUSAL", "WRAPPER", "MULTI_HEAD"})
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
