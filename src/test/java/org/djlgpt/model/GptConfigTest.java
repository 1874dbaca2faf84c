package org.djlgpt.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.djlgpt.attention.RotaryEmbedding.Scaling;
import org.djlgpt.nn.ActivationFunction;
import org.djlgpt.nn.Functional;
import org.junit.jupiter.api.Test;

/** What builders of configurations keep, and what they fill in. */
class GptConfigTest {

    /** No value is a default, and no two of a kind are alike. */
    private static final Gpt2Config GPT2 =
            Gpt2Config.builder()
                    .setVocabSize(11)
                    .setContextLength(7)
                    .setEmbeddingDim(12)
                    .setNumHeads(3)
                    .setNumLayers(2)
                    .optHiddenDim(20)
                    .optActivation(ActivationFunction.RELU)
                    .optNormEpsilon(1e-3)
                    .optEmbeddingDropout(0.1f)
                    .optAttentionDropout(0.2f)
                    .optResidualDropout(0.3f)
                    .optQkvBias(true)
                    .optBias(false)
                    .optTiedOutput(false)
                    .build();

    private static final LlamaConfig LLAMA =
            LlamaConfig.builder()
                    .optRelative(LlamaConfig.Relative.QWEN3)
                    .setVocabSize(11)
                    .setContextLength(7)
                    .setEmbeddingDim(12)
                    .setNumHeads(4)
                    .setNumLayers(3)
                    .optHiddenDim(20)
                    .optNumKeyValueHeads(2)
                    .optHeadDim(6)
                    .optNormEpsilon(1e-3)
                    .optRopeBase(500000)
                    .optRopeScaling(new Scaling.Linear(4))
                    .optSlidingWindow(5)
                    .optDropout(0.2f)
                    .optTiedOutput(false)
                    .build();

    @Test
    void aVariationKeepsWhatIsNotChanged() {
        assertEquals(GPT2, GPT2.toBuilder().build());
        assertEquals(LLAMA, LLAMA.toBuilder().build());
        assertNotEquals(GPT2, GPT2.toBuilder().optHiddenDim(21).build());
        assertNotEquals(LLAMA, LLAMA.toBuilder().optHiddenDim(21).build());
    }

    @Test
    void dropoutIsSetWhereverTheFamilyDropsSomething() {
        Gpt2Config gpt2 = GPT2.withDropout(0.5f);
        assertEquals(0.5f, gpt2.embeddingDropout());
        assertEquals(0.5f, gpt2.attentionDropout());
        assertEquals(0.5f, gpt2.residualDropout());
        LlamaConfig llama = LLAMA.withDropout(0.5f);
        assertEquals(0, llama.embeddingDropout());
        assertEquals(0.5f, llama.attentionDropout());
        assertEquals(0, llama.residualDropout());
        assertEquals(LLAMA, llama.withDropout(0.2f));
    }

    @Test
    void gpt2IsTheDefaultOfItsFamily() {
        Gpt2Config config =
                Gpt2Config.builder()
                        .setVocabSize(11)
                        .setContextLength(7)
                        .setEmbeddingDim(12)
                        .setNumHeads(3)
                        .setNumLayers(2)
                        .build();

        assertEquals(48, config.hiddenDim());
        assertEquals(4, config.headDim());
        assertEquals(3, config.numKeyValueHeads());
        assertEquals(ActivationFunction.GELU_TANH, config.activation());
        assertEquals(1e-5, config.normEpsilon());
    }

    /** Three matrices of 8/3 E have as many numbers as two of 4 E. */
    @Test
    void aLlamaHasTheSizeOfAGpt2UnlessToldOtherwise() {
        LlamaConfig config =
                LlamaConfig.builder()
                        .setVocabSize(11)
                        .setContextLength(7)
                        .setEmbeddingDim(768)
                        .setNumHeads(12)
                        .setNumLayers(1)
                        .build();

        assertEquals(2048, config.hiddenDim());
        assertEquals(64, config.headDim());
        assertEquals(12, config.numKeyValueHeads());
        assertEquals(1e-5, config.normEpsilon());
        assertEquals(10000, config.ropeBase());
        assertEquals(Functional.NO_WINDOW, config.slidingWindow());
    }
}
