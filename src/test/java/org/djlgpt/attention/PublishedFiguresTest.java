package org.djlgpt.attention;

import static org.djlgpt.testing.Figures.array;
import static org.djlgpt.testing.Figures.assertFigures;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.ParameterStore;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import org.djlgpt.testing.Figures;
import org.djlgpt.testing.OnCpu;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The published figures of the attention ladder, from their seeds alone. */
class PublishedFiguresTest {

    private static final double TOLERANCE = 1e-4;
    private static final JsonObject FIGURES =
            Figures.read(PublishedFiguresTest.class, "published-figures.json");

    private NDManager manager;
    private NDArray inputs;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        inputs = array(manager, FIGURES.get("inputs")); // (6, 3)
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void simplifiedAttentionOfOneQuery() {
        NDArray scores = SimplifiedSelfAttention.scores(inputs, 1);
        NDArray weights = SimplifiedSelfAttention.weights(scores);
        NDArray context = SimplifiedSelfAttention.context(weights, inputs);

        assertFigures(expected("scores-of-query-2"), scores, TOLERANCE);
        assertFigures(expected("weights-by-sum"), scores.div(scores.sum()), TOLERANCE);
        assertFigures(expected("weights-by-softmax"), weights, TOLERANCE);
        assertFigures(expected("context-of-query-2"), context, TOLERANCE);
    }

    @Test
    void simplifiedAttentionOfAllQueries() {
        SimplifiedSelfAttention block = new SimplifiedSelfAttention();

        assertFigures(expected("all-scores"), block.attentionScores(inputs).get(0, 0), TOLERANCE);
        assertFigures(expected("all-weights"), block.attentionWeights(inputs).get(0, 0), TOLERANCE);
        assertFigures(expected("all-contexts"), forward(block, inputs), TOLERANCE);
    }

    @Test
    void trainableAttentionOfOneQuery() {
        SelfAttentionV1 block = selfAttentionV1();
        NDArray queries = inputs.matMul(block.getParameters().get("W_query").getArray());
        JsonObject figures = figures("trainable-single-query");

        assertFigures(figures.get("query_2"), queries.get(1), TOLERANCE);
        assertEquals(
                figures.get("score_22").getAsFloat(),
                block.attentionScores(inputs).getFloat(0, 0, 1, 1),
                TOLERANCE);
        assertFigures(
                figures.get("scores_2"), block.attentionScores(inputs).get(0, 0, 1), TOLERANCE);
        assertFigures(
                figures.get("weights_2"), block.attentionWeights(inputs).get(0, 0, 1), TOLERANCE);
        assertFigures(figures.get("context_2"), forward(block, inputs).get(1), TOLERANCE);
    }

    @Test
    void selfAttentionFromRawMatrices() {
        assertFigures(expected("self-attention-v1"), forward(selfAttentionV1(), inputs), TOLERANCE);
    }

    @Test
    void selfAttentionFromLinearLayers() {
        SelfAttentionV2 block = selfAttentionV2();

        assertFigures(expected("self-attention-v2"), forward(block, inputs), TOLERANCE);
        assertFigures(expected("v2-weights"), block.attentionWeights(inputs).get(0, 0), TOLERANCE);
    }

    @Test
    void maskedScoresAndWeights() {
        SelfAttentionV2 block = selfAttentionV2();
        NDArray masked =
                forward(new CausalMask(6), block.attentionScores(inputs)).get(0, 0); // (T, T)
        NDArray weights = masked.div(Math.sqrt(2)).softmax(-1);
        NDArray zeroed = forward(new CausalMask(6), manager.zeros(new Shape(6, 6))).exp();
        NDArray kept = block.attentionWeights(inputs).get(0, 0).mul(zeroed);
        NDArray renormalised = kept.div(kept.sum(new int[] {-1}, true));

        assertFigures(expected("v2-masked-scores"), masked, TOLERANCE);
        assertFigures(expected("v2-masked-after-softmax"), weights, TOLERANCE);
        assertFigures(expected("v2-masked-after-softmax"), renormalised, TOLERANCE);
    }

    @Test
    @OnCpu(OnCpu.DRAWS)
    void dropoutFromItsSeed() {
        NDArray masked =
                forward(new CausalMask(6), selfAttentionV2().attentionScores(inputs)).get(0, 0);
        NDArray weights = masked.div(Math.sqrt(2)).softmax(-1);

        seed("dropout-of-ones");
        assertFigures(
                expected("dropout-of-ones"), dropout(manager.ones(new Shape(6, 6))), TOLERANCE);
        seed("dropout-of-weights");
        assertFigures(expected("dropout-of-weights"), dropout(weights), TOLERANCE);
    }

    @Test
    void causalAttentionOfABatch() {
        seed("causal-attention");
        CausalAttention block =
                CausalAttention.builder()
                        .setInputDim(3)
                        .setOutputDim(2)
                        .setContextLength(6)
                        .build();

        assertBothRows("causal-attention", initialized(block, batch()));
    }

    @Test
    void wrapperOfTwoHeads() {
        seed("multi-head-wrapper");
        MultiHeadAttentionWrapper block =
                MultiHeadAttentionWrapper.builder()
                        .setInputDim(3)
                        .setOutputDim(2)
                        .setContextLength(6)
                        .setNumHeads(2)
                        .build();

        assertBothRows("multi-head-wrapper", initialized(block, batch()));
    }

    @Test
    void multiHeadAttentionFromOneProjection() {
        seed("multi-head-attention");
        MultiHeadAttention block =
                MultiHeadAttention.builder()
                        .setInputDim(3)
                        .setOutputDim(2)
                        .setContextLength(6)
                        .setNumHeads(2)
                        .build();

        assertBothRows("multi-head-attention", initialized(block, batch()));
    }

    @Test
    void batchedMatrixProduct() {
        JsonObject figures = figures("batched-matmul");
        NDArray a = array(manager, figures.get("a"));

        assertFigures(figures.get("expected"), SelfAttention.dot(a, a), TOLERANCE);
    }

    private SelfAttentionV1 selfAttentionV1() {
        seed("self-attention-v1");
        return initialized(
                SelfAttentionV1.builder().setInputDim(3).setOutputDim(2).build(), inputs);
    }

    private SelfAttentionV2 selfAttentionV2() {
        seed("self-attention-v2");
        return initialized(
                SelfAttentionV2.builder().setInputDim(3).setOutputDim(2).build(), inputs);
    }

    private NDArray batch() {
        return inputs.expandDims(0).repeat(0, 2); // (2, 6, 3)
    }

    private <B extends Block> B initialized(B block, NDArray input) {
        block.initialize(manager, DataType.FLOAT32, input.getShape());
        return block;
    }

    private NDArray forward(Block block, NDArray input) {
        return block.forward(new ParameterStore(manager, false), new NDList(input), false)
                .singletonOrThrow();
    }

    private static NDArray dropout(NDArray x) {
        return Dropout.dropout(x, 0.5f, true).singletonOrThrow();
    }

    private void assertBothRows(String id, Block block) {
        NDArray output = forward(block, batch());
        assertFigures(expected(id), output.get(0), TOLERANCE);
        assertFigures(expected(id), output.get(1), TOLERANCE);
    }

    private static void seed(String id) {
        Engine.getInstance().setRandomSeed(figures(id).get("seed").getAsInt());
    }

    private static JsonElement expected(String id) {
        return figures(id).get("expected");
    }

    private static JsonObject figures(String id) {
        for (JsonElement element : FIGURES.getAsJsonArray("cases")) {
            JsonObject figures = element.getAsJsonObject();
            if (figures.get("id").getAsString().equals(id)) {
                return figures;
            }
        }
        throw new IllegalArgumentException("no figures " + id);
    }
}
