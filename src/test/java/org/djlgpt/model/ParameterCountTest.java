package org.djlgpt.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

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
                Arguments.of("GPT-2 XL", Gpt2Config.xl(), 1_557_611_200L));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("publishedSizes")
    void isThePublishedOne(String name, Gpt2Config config, long expected) {
        GptModel model = new GptModel(config);

        assertEquals(expected, model.parameterCount());
        assertFalse(model.isInitialized());
    }
}
