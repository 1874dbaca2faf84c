package org.djlgpt.model;

import static org.djlgpt.model.LlamaConfig.Relative.LLAMA;
import static org.djlgpt.model.LlamaConfig.Relative.MISTRAL;
import static org.djlgpt.model.LlamaConfig.Relative.QWEN2;
import static org.djlgpt.model.LlamaConfig.Relative.QWEN3;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.djlgpt.model.LlamaConfig.Relative;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.stream.Stream;

/** The published sizes, to the parameter, without drawing one. */
class ParameterCountTest {

    static Stream<Arguments> publishedSizes() {
        Gpt2Config small = Gpt2Config.small();
        Gpt2Config withoutBias = small.toBuilder().optQkvBias(false).build();
        Gpt2Config separate = withoutBias.toBuilder().optTiedOutput(false).build();
        return Stream.of(
                Arguments.of("124M, tied, no qkv bias", withoutBias, 124_412_160L),
                Arguments.of("124M, separate output, no qkv bias", separate, 163_009_536L),
                Arguments.of("GPT-2 small", small, 124_439_808L),
                Arguments.of("GPT-2 medium", Gpt2Config.medium(), 354_823_168L),
                Arguments.of("GPT-2 large", Gpt2Config.large(), 774_030_080L),
                Arguments.of("GPT-2 XL", Gpt2Config.xl(), 1_557_611_200L),
                Arguments.of(
                        "SmolLM2 135M",
                        llama(LLAMA, 49152, 30, 576, 1536, 9, 3).build(),
                        134_515_008L),
                Arguments.of(
                        "TinyLlama 1.1B",
                        llama(LLAMA, 32000, 22, 2048, 5632, 32, 4).optTiedOutput(false).build(),
                        1_100_048_384L),
                Arguments.of(
                        "Llama 3.2 1B",
                        llama(LLAMA, 128256, 16, 2048, 8192, 32, 8).build(),
                        1_235_814_400L),
                Arguments.of(
                        "Mistral 7B",
                        llama(MISTRAL, 32000, 32, 4096, 14336, 32, 8).optTiedOutput(false).build(),
                        7_241_732_096L),
                Arguments.of(
                        "Qwen2.5 0.5B",
                        llama(QWEN2, 151936, 24, 896, 4864, 14, 2).build(),
                        494_032_768L),
                Arguments.of(
                        "Qwen3 0.6B",
                        llama(QWEN3, 151936, 28, 1024, 3072, 16, 8).optHeadDim(128).build(),
                        596_049_920L));
    }

    private static LlamaConfig.Builder llama(
            Relative relative,
            int vocabSize,
            int numLayers,
            int embeddingDim,
            int hiddenDim,
            int numHeads,
            int numKeyValueHeads) {
        return LlamaConfig.builder()
                .optRelative(relative)
                .setVocabSize(vocabSize)
                .setContextLength(2048)
                .setEmbeddingDim(embeddingDim)
                .setNumHeads(numHeads)
                .setNumLayers(numLayers)
                .optHiddenDim(hiddenDim)
                .optNumKeyValueHeads(numKeyValueHeads);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("publishedSizes")
    void isThePublishedOne(String name, GptConfig config, long expected) {
        GptModel model = new GptModel(config);

        assertEquals(expected, config.parameterCount());
        assertEquals(expected, model.parameterCount());
        assertFalse(model.isInitialized());
    }
}
