package org.djlgpt.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;

class PretrainingConfigTest {

    @Test
    void theDefaultsAreThoseOfTheCommand() {
        PretrainingConfig expected =
                new PretrainingConfig(
                        2000, 12, 1, 1e-3, 1e-4, 100, 2000, 0.1, 0.9, 0.99, 1, 250, 20, 1337, 1);

        assertEquals(expected, PretrainingConfig.builder().build());
    }

    static Stream<Arguments> outOfRange() {
        return Stream.of(
                wrong("steps=0", b -> b.optSteps(0)),
                wrong("steps=-5", b -> b.optSteps(-5)),
                wrong("batchSize=0", b -> b.optBatchSize(0)),
                wrong("gradientAccumulation=0", b -> b.optGradientAccumulation(0)),
                wrong("evalEvery=0", b -> b.optEvalEvery(0)),
                wrong("evalBatches=0", b -> b.optEvalBatches(0)),
                wrong("workers=0", b -> b.optWorkers(0)),
                wrong("weightDecay=-0.1", b -> b.optWeightDecay(-0.1)),
                wrong("weightDecay=NaN", b -> b.optWeightDecay(Double.NaN)),
                wrong("clipNorm=-1.0", b -> b.optClipNorm(-1)),
                wrong("clipNorm=Infinity", b -> b.optClipNorm(Double.POSITIVE_INFINITY)),
                wrong("beta1=1.0", b -> b.optBeta1(1)),
                wrong("beta2=-0.1", b -> b.optBeta2(-0.1)),
                wrong("beta2=NaN", b -> b.optBeta2(Double.NaN)),
                wrong("learningRate=-1.0", b -> b.optLearningRate(-1)),
                wrong("minLearningRate=0.1", b -> b.optMinLearningRate(0.1)),
                wrong("warmupSteps=2001", b -> b.optWarmupSteps(2001)),
                wrong("decaySteps=99", b -> b.optWarmupSteps(100).optDecaySteps(99)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("outOfRange")
    void aValueOutOfRangeIsNamed(String named, UnaryOperator<PretrainingConfig.Builder> change) {
        PretrainingConfig.Builder builder = change.apply(PretrainingConfig.builder());

        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, builder::build);

        assertTrue(refused.getMessage().contains(named), refused.getMessage());
    }

    @Test
    void theCosineEndsWithTheRunUnlessItIsToldWhere() {
        assertEquals(300, PretrainingConfig.builder().optSteps(300).build().decaySteps());
        PretrainingConfig part =
                PretrainingConfig.builder().optSteps(50).optDecaySteps(300).build();
        assertEquals(PretrainingConfig.builder().optSteps(300).build().schedule(), part.schedule());
    }

    @Test
    void shortRunsWarmUpForATenthOfTheirSteps() {
        assertEquals(5, PretrainingConfig.builder().optSteps(50).build().warmupSteps());
        assertEquals(100, PretrainingConfig.builder().optSteps(50_000).build().warmupSteps());
    }

    @Test
    void theRateEndsAtATenthOfItsPeak() {
        PretrainingConfig config = PretrainingConfig.builder().optLearningRate(6e-4).build();
        assertEquals(6e-5, config.minLearningRate(), 1e-12);
    }

    private static Arguments wrong(String named, UnaryOperator<PretrainingConfig.Builder> change) {
        return Arguments.of(named, change);
    }
}
