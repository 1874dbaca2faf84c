package org.djlgpt.attention;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;

import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Arrays;

/** What a token's context vector may depend on, for random sizes and positions. */
class AttentionCausalityTest {

    private static final int SEEDS = 12;
    private static final float ROUNDING = 1e-6f;

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
    void changingAFutureTokenLeavesThePastUnchanged(Rung rung) {
        for (int seed = 0; seed < SEEDS; seed++) {
            RandomArrays arrays = new RandomArrays(manager, seed);
            Rung.Sizes sizes = Rung.Sizes.random(arrays);
            SelfAttention block = initialized(rung.build(sizes), manager, sizes.input());
            int present = arrays.between(0, sizes.tokens() - 2);
            NDArray x = arrays.normal(sizes.input().getShape());
            NDArray changed = x.duplicate();
            NDIndex future = new NDIndex(":, {}:", present + 1);
            changed.set(future, arrays.normal(x.get(future).getShape().getShape()).mul(10));

            NDArray before = infer(block, x);
            NDArray after = infer(block, changed);

            NDIndex past = new NDIndex(":, :{}", present + 1);
            assertArrayEquals(floats(before.get(past)), floats(after.get(past)), "seed " + seed);
            assertFalse(Arrays.equals(floats(before), floats(after)), "the future has no effect");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMPLIFIED", "V1", "V2"})
    void withoutAMaskAFutureTokenChangesThePast(Rung rung) {
        RandomArrays arrays = new RandomArrays(manager, 1);
        Rung.Sizes sizes = new Rung.Sizes(2, 4, 4, 3, 2, 1, false, 0);
        SelfAttention block = initialized(rung.build(sizes), manager, sizes.input());
        NDArray x = arrays.normal(sizes.input().getShape());
        NDArray changed = x.duplicate();
        changed.set(new NDIndex(":, 3"), arrays.normal(2, 3));

        NDArray difference = infer(block, x).sub(infer(block, changed)).abs();

        assertFalse(difference.get(":, 0").max().getFloat() < 1e-4);
    }

    @ParameterizedTest
    @EnumSource
    void aRowIsTheSameWhateverTheOtherRowsAre(Rung rung) {
        for (int seed = 0; seed < SEEDS; seed++) {
            RandomArrays arrays = new RandomArrays(manager, seed);
            Rung.Sizes sizes = Rung.Sizes.random(arrays);
            SelfAttention block = initialized(rung.build(sizes), manager, sizes.input());
            NDArray x = arrays.normal(3, sizes.tokens(), sizes.inputDim());
            NDArray others = arrays.normal(3, sizes.tokens(), sizes.inputDim());
            others.set(new NDIndex("1"), x.get(1));

            float[] row = floats(infer(block, x).get(1));

            assertArrayEquals(row, floats(infer(block, others).get(1)), ROUNDING);
            assertArrayEquals(row, floats(infer(block, x.get("1:2"))), ROUNDING);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CAUSAL", "WRAPPER", "MULTI_HEAD", "GROUPED_QUERY"})
    void aShortSequenceIsThePrefixOfALongOne(Rung rung) {
        for (int seed = 0; seed < SEEDS; seed++) {
            RandomArrays arrays = new RandomArrays(manager, seed);
            Rung.Sizes sizes = Rung.Sizes.random(arrays);
            SelfAttention block = initialized(rung.build(sizes), manager, sizes.input());
            NDArray x = arrays.normal(2, sizes.contextLength(), sizes.inputDim());
            NDArray whole = infer(block, x);

            for (int tokens = 1; tokens <= sizes.contextLength(); tokens++) {
                NDIndex prefix = new NDIndex(":, :{}", tokens);
                assertArrayEquals(
                        floats(whole.get(prefix)),
                        floats(infer(block, x.get(prefix))),
                        ROUNDING,
                        tokens + " tokens");
            }
        }
    }

    private static float[] floats(NDArray array) {
        return array.toFloatArray();
    }
}
