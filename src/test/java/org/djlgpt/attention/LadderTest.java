package org.djlgpt.attention;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Blocks.parameter;
import static org.djlgpt.testing.Blocks.set;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;

import org.djlgpt.nn.Linear;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Neighbouring rungs with the same weights agree, and what they let see explains their output. */
class LadderTest {

    private static final float ROUNDING = 1e-5f;
    private static final Rung.Sizes SIZES = new Rung.Sizes(2, 5, 7, 4, 3, 3, true, 0);
    private static final Rung.Sizes WITHOUT_BIAS = new Rung.Sizes(2, 5, 7, 4, 3, 3, false, 0);
    private static final String[] PROJECTIONS = {"W_query", "W_key", "W_value"};

    private NDManager manager;
    private RandomArrays arrays;
    private NDArray x;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        arrays = new RandomArrays(manager, 1);
        x = arrays.normal(SIZES.input().getShape()); // (2, 5, 4)
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void matricesAndLinearLayersAgree() {
        SelfAttention v1 = block(Rung.V1, WITHOUT_BIAS);
        SelfAttention v2 = block(Rung.V2, WITHOUT_BIAS);
        for (String projection : PROJECTIONS) {
            set(parameter(v2, projection + "_weight"), parameter(v1, projection).transpose());
        }

        assertClose(infer(v1, x), infer(v2, x));
        assertClose(v1.attentionScores(x), v2.attentionScores(x));
        assertClose(v1.attentionWeights(x), v2.attentionWeights(x));
    }

    @Test
    void aWrapperOfHeadsAndOneSplitProjectionAgree() {
        SelfAttention wrapper = block(Rung.WRAPPER, SIZES);
        SelfAttention multiHead = multiHeadOf(wrapper);

        assertClose(infer(wrapper, x), infer(multiHead, x));
        assertClose(wrapper.attentionScores(x), multiHead.attentionScores(x));
        assertClose(wrapper.attentionWeights(x), multiHead.attentionWeights(x));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 2, 1})
    void groupedQueriesAreMultiHeadAttentionWithRepeatedKeys(int numKeyValueHeads) {
        GroupedQueryAttention grouped =
                random(
                        GroupedQueryAttention.builder()
                                .setInputDim(4)
                                .setOutputDim(12)
                                .setContextLength(7)
                                .setNumHeads(4)
                                .setNumKeyValueHeads(numKeyValueHeads)
                                .optQkvBias(true)
                                .build());
        MultiHeadAttention multiHead =
                random(
                        MultiHeadAttention.builder()
                                .setInputDim(4)
                                .setOutputDim(12)
                                .setContextLength(7)
                                .setNumHeads(4)
                                .optQkvBias(true)
                                .optOutputBias(false)
                                .build());
        copy(grouped.query(), multiHead.query(), 1);
        copy(grouped.key(), multiHead.key(), 4 / numKeyValueHeads);
        copy(grouped.value(), multiHead.value(), 4 / numKeyValueHeads);
        set(multiHead.output().weight().getArray(), grouped.output().weight().getArray());

        assertClose(infer(multiHead, x), infer(grouped, x));
        assertClose(multiHead.attentionScores(x), grouped.attentionScores(x));
        assertClose(multiHead.attentionWeights(x), grouped.attentionWeights(x));
    }

    /** Copies a projection to heads of width 3, each of them several times in a row. */
    private static void copy(Linear from, Linear to, long times) {
        NDArray weight = from.weight().getArray().reshape(-1, 3 * 4); // (G, 3 * inputDim)
        NDArray bias = from.bias().getArray().reshape(-1, 3); // (G, 3)
        set(to.weight().getArray(), weight.repeat(0, times).reshape(-1, 4));
        set(to.bias().getArray(), bias.repeat(0, times).reshape(-1));
    }

    private <B extends SelfAttention> B random(B block) {
        initialized(block, manager, x.getShape());
        Blocks.randomize(block, arrays);
        return block;
    }

    /** What a window hides gets no weight, and what it shows shares what is left. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 5, 9})
    void aWindowShowsTheLastTokensOnly(int window) {
        GroupedQueryAttention.Builder builder =
                GroupedQueryAttention.builder()
                        .setInputDim(4)
                        .setOutputDim(12)
                        .setContextLength(7)
                        .setNumHeads(4)
                        .setNumKeyValueHeads(2);
        GroupedQueryAttention all = random(builder.build());
        GroupedQueryAttention some = random(builder.optSlidingWindow(window).build());
        for (int i = 0; i < Blocks.parameters(all).size(); i++) {
            set(
                    Blocks.parameters(some).get(i).getArray(),
                    Blocks.parameters(all).get(i).getArray());
        }
        NDArray age = manager.arange(5f).expandDims(1).sub(manager.arange(5f)); // (T, T)
        NDArray seen = age.lt(window).toType(x.getDataType(), false);
        NDArray weights = all.attentionWeights(x).mul(seen);

        NDArray expected = weights.div(weights.sum(new int[] {-1}, true));
        assertClose(expected, some.attentionWeights(x));
        NDArray values = x.matMul(some.value().weight().getArray().transpose()); // (B, T, 2 * 3)
        NDArray heads = values.reshape(2, 5, 2, 3).swapAxes(1, 2).repeat(1, 2); // (B, 4, T, 3)
        NDArray contexts = expected.matMul(heads).swapAxes(1, 2).reshape(2, 5, 12);
        NDArray output = some.output().weight().getArray().transpose();
        assertClose(contexts.matMul(output), infer(some, x));
    }

    @Test
    void aWrapperOfOneHeadIsThatHead() {
        Rung.Sizes sizes = new Rung.Sizes(2, 5, 7, 4, 3, 1, true, 0);
        MultiHeadAttentionWrapper wrapper = (MultiHeadAttentionWrapper) block(Rung.WRAPPER, sizes);

        assertClose(infer(wrapper.heads().get(0), x), infer(wrapper, x));
    }

    @Test
    void causalWeightsAreTheMaskedSoftmaxOfScaledScores() {
        SelfAttention causal = block(Rung.CAUSAL, SIZES);
        SelfAttention v2 = block(Rung.V2, SIZES);
        for (int i = 0; i < Blocks.parameters(v2).size(); i++) {
            set(
                    Blocks.parameters(v2).get(i).getArray(),
                    Blocks.parameters(causal).get(i).getArray());
        }
        NDArray scores = v2.attentionScores(x);
        NDArray weights = causal.attentionWeights(x);

        for (int b = 0; b < 2; b++) {
            for (int query = 0; query < 5; query++) {
                float[] row = scores.get(b, 0, query).toFloatArray();
                assertArrayEquals(
                        maskedSoftmax(row, query, Math.sqrt(3)),
                        weights.get(b, 0, query).toFloatArray(),
                        ROUNDING);
            }
        }
    }

    private static float[] maskedSoftmax(float[] scores, int query, double scale) {
        double sum = 0;
        for (int key = 0; key <= query; key++) {
            sum += Math.exp(scores[key] / scale);
        }
        float[] weights = new float[scores.length];
        for (int key = 0; key <= query; key++) {
            weights[key] = (float) (Math.exp(scores[key] / scale) / sum);
        }
        return weights;
    }

    @ParameterizedTest
    @EnumSource
    void everyRowOfWeightsSumsToOneAndCausalOnesIgnoreTheFuture(Rung rung) {
        Rung.Sizes sizes = new Rung.Sizes(2, 5, 7, 4, 3, 3, true, 0.5f);
        SelfAttention block = block(rung, sizes);
        NDArray weights = block.attentionWeights(x);

        assertEquals(new Shape(2, rung.heads(sizes), 5, 5), weights.getShape());
        for (float sum : weights.sum(new int[] {-1}).toFloatArray()) {
            assertEquals(1, sum, ROUNDING);
        }
        NDArray future = manager.ones(new Shape(5, 5)).sub(lowerTriangle());
        float ahead = weights.mul(future).sum().getFloat();
        assertEquals(rung.isCausal(), ahead == 0, "weight of the future " + ahead);
    }

    private NDArray lowerTriangle() {
        NDArray index = manager.arange(5f);
        return index.lte(index.expandDims(1)).toType(x.getDataType(), false);
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMPLIFIED", "V1", "V2"})
    void aSingleSequenceIsABatchOfOne(Rung rung) {
        SelfAttention block = block(rung, SIZES);
        NDArray sequence = x.get(0); // (5, 4)

        assertEquals(new Shape(1, 1, 5, 5), block.attentionWeights(sequence).getShape());
        assertClose(block.attentionWeights(x).get("0:1"), block.attentionWeights(sequence));
        assertClose(infer(block, x).get(0), infer(block, sequence));
    }

    @ParameterizedTest
    @EnumSource
    void lookingAtTheWeightsChangesNothing(Rung rung) {
        SelfAttention block = block(rung, SIZES);
        int parameters = block.getParameters().size();
        NDArray before = infer(block, x);

        block.attentionWeights(x);
        block.attentionScores(x);

        assertArrayEquals(before.toFloatArray(), infer(block, x).toFloatArray());
        assertEquals(parameters, block.getParameters().size());
    }

    @Test
    void simplifiedContextsAreWeightsTimesTokens() {
        SelfAttention block = block(Rung.SIMPLIFIED, SIZES);

        assertClose(block.attentionWeights(x).get(":, 0").matMul(x), infer(block, x));
    }

    @Test
    void contextsAreWeightsTimesValues() {
        SelfAttention v1 = block(Rung.V1, SIZES);
        NDArray values = x.matMul(parameter(v1, "W_value"));

        assertClose(v1.attentionWeights(x).get(":, 0").matMul(values), infer(v1, x));
    }

    @ParameterizedTest
    @EnumSource(names = {"V2", "CAUSAL"})
    void contextsAreWeightsTimesValuesOfTheLinearLayer(Rung rung) {
        SelfAttention block = block(rung, SIZES);

        assertClose(block.attentionWeights(x).get(":, 0").matMul(values(block)), infer(block, x));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void contextsOfAHeadAreItsWeightsTimesItsValues(int head) {
        SelfAttention wrapper = block(Rung.WRAPPER, SIZES);
        SelfAttention multiHead = multiHeadOf(wrapper);
        NDArray values = values(wrapper.getChildren().values().get(head));

        NDArray contexts = multiHead.attentionWeights(x).get(":, {}", head).matMul(values);

        NDArray output = infer(multiHead, x).get(":, :, {}:{}", 3 * head, 3 * head + 3);
        assertClose(contexts, output);
    }

    private NDArray values(Block block) {
        return x.matMul(parameter(block, "W_value_weight").transpose())
                .add(parameter(block, "W_value_bias"));
    }

    private SelfAttention multiHeadOf(SelfAttention wrapper) {
        SelfAttention multiHead = block(Rung.MULTI_HEAD, SIZES);
        for (String projection : PROJECTIONS) {
            for (String part : new String[] {"_weight", "_bias"}) {
                NDList ofHeads = new NDList();
                for (Block head : wrapper.getChildren().values()) {
                    ofHeads.add(parameter(head, projection + part));
                }
                set(parameter(multiHead, projection + part), NDArrays.concat(ofHeads));
            }
        }
        set(parameter(multiHead, "out_proj_weight"), manager.eye(9));
        set(parameter(multiHead, "out_proj_bias"), manager.zeros(new Shape(9)));
        return multiHead;
    }

    private SelfAttention block(Rung rung, Rung.Sizes sizes) {
        SelfAttention block = initialized(rung.build(sizes), manager, sizes.input());
        Blocks.randomize(block, arrays);
        return block;
    }

    private static void assertClose(NDArray expected, NDArray actual) {
        assertEquals(expected.getShape(), actual.getShape());
        assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), ROUNDING);
    }
}
