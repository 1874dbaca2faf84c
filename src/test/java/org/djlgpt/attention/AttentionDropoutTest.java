package org.djlgpt.attention;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Blocks.parameter;
import static org.djlgpt.testing.Blocks.set;
import static org.djlgpt.testing.Blocks.train;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;

/** Dropout of attention weights: there in training, absent in inference. */
class AttentionDropoutTest {

    private static final int TOKENS = 16;

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
    @EnumSource(names = {"CAUSAL", "WRAPPER", "MULTI_HEAD", "GROUPED_QUERY"})
    void isActiveInTrainingAndAbsentInInference(Rung rung) {
        SelfAttention block = block(rung, 0.5f);
        SelfAttention without = block(rung, 0);
        NDArray x = new RandomArrays(manager, 1).normal(2, 5, 4);

        assertFalse(Arrays.equals(floats(train(block, x)), floats(train(block, x))));
        assertArrayEquals(floats(infer(block, x)), floats(infer(block, x)));
        assertArrayEquals(floats(infer(without, x)), floats(infer(block, x)), 1e-6f);
        assertArrayEquals(floats(infer(without, x)), floats(train(without, x)), 1e-6f);
    }

    /** With one-hot tokens as values a block's output is its weights. */
    @ParameterizedTest
    @ValueSource(floats = {0.1f, 0.5f, 0.8f})
    void dropsWeightsAtItsRateAndScalesTheOthers(float rate) {
        CausalAttention block =
                CausalAttention.builder()
                        .setInputDim(TOKENS)
                        .setOutputDim(TOKENS)
                        .setContextLength(TOKENS)
                        .optDropout(rate)
                        .build();

        assertDropsAtItsRate(block, rate);
    }

    @Test
    void dropsWeightsOfAHeadAtItsRateAndScalesTheOthers() {
        MultiHeadAttention block =
                MultiHeadAttention.builder()
                        .setInputDim(TOKENS)
                        .setOutputDim(TOKENS)
                        .setContextLength(TOKENS)
                        .setNumHeads(1)
                        .optDropout(0.3f)
                        .build();
        initialized(block, manager, new Shape(1, TOKENS, TOKENS));
        set(parameter(block, "out_proj_weight"), manager.eye(TOKENS));
        set(parameter(block, "out_proj_bias"), manager.zeros(new Shape(TOKENS)));

        assertDropsAtItsRate(block, 0.3f);
    }

    @Test
    void dropsWeightsOfAGroupAtItsRateAndScalesTheOthers() {
        GroupedQueryAttention block =
                GroupedQueryAttention.builder()
                        .setInputDim(TOKENS)
                        .setOutputDim(TOKENS)
                        .setContextLength(TOKENS)
                        .setNumHeads(1)
                        .setNumKeyValueHeads(1)
                        .optRotary(new RotaryEmbedding(TOKENS))
                        .optDropout(0.3f)
                        .build();
        initialized(block, manager, new Shape(1, TOKENS, TOKENS));
        set(parameter(block, "out_proj_weight"), manager.eye(TOKENS));

        assertDropsAtItsRate(block, 0.3f);
    }

    private void assertDropsAtItsRate(SelfAttention block, float rate) {
        NDArray oneHot = manager.eye(TOKENS).expandDims(0); // (1, TOKENS, TOKENS)
        initialized(block, manager, oneHot.getShape());
        set(parameter(block, "W_value_weight"), manager.eye(TOKENS));
        float[] weights = floats(block.attentionWeights(oneHot));
        int draws = 60;
        int seen = 0;
        int dropped = 0;
        for (int draw = 0; draw < draws; draw++) {
            float[] kept = floats(train(block, oneHot));
            for (int i = 0; i < kept.length; i++) {
                if (weights[i] == 0) {
                    assertEquals(0, kept[i], "a future token");
                    continue;
                }
                seen++;
                if (kept[i] == 0) {
                    dropped++;
                } else {
                    assertEquals(weights[i] / (1 - rate), kept[i], 1e-5);
                }
            }
        }
        assertEquals(draws * TOKENS * (TOKENS + 1) / 2, seen);
        assertEquals(rate, (double) dropped / seen, 0.02); // 4 standard deviations
    }

    private SelfAttention block(Rung rung, float dropout) {
        Rung.Sizes sizes = new Rung.Sizes(2, 5, 5, 4, 3, 2, false, dropout);
        return initialized(rung.build(sizes), manager, sizes.input());
    }

    private static float[] floats(NDArray array) {
        return array.toFloatArray();
    }
}
