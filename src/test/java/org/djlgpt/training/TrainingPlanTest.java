package org.djlgpt.training;

import static org.djlgpt.training.LearningRateSchedule.Decay.COSINE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;

class TrainingPlanTest {

    @Test
    void theDefaultsAreThoseOfTheCommand() {
        TrainingPlan expected =
                new TrainingPlan(
                        2000, 12, 1, COSINE, 1e-3, 1e-4, 100, 2000, 0.1, 0.9, 0.99, 1, 250, 20, 0,
                        1337, 1);

        assertEquals(expected, TrainingPlan.builder().build());
    }

    static Stream<Arguments> outOfRange() {
        return Stream.of(
                wrong("steps=0", b -> b.optSteps(0)),
                wrong("steps=-5", b -> b.optSteps(-5)),
                wrong("batchSize=0", b -> b.optBatchSize(0)),
                wrong("gradientAccumulation=0", b -> b.optGradientAccumulation(0)),
                wrong("evalEvery=0", b -> b.optEvalEvery(0)),
                wrong("evalBatches=0", b -> b.optEvalBatches(0)),
                wrong("patience=-1", b -> b.optPatience(-1)),
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
    void aValueOutOfRangeIsNamed(String named, UnaryOperator<TrainingPlan.Builder> change) {
        TrainingPlan.Builder builder = change.apply(TrainingPlan.builder());

        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, builder::build);

        assertTrue(refused.getMessage().contains(named), refused.getMessage());
    }

    @Test
    void theRateFallsUntilTheEndOfTheRunUnlessItIsToldWhere() {
        assertEquals(300, TrainingPlan.builder().optSteps(300).build().decaySteps());
        TrainingPlan part = TrainingPlan.builder().optSteps(50).optDecaySteps(300).build();
        assertEquals(
                TrainingPlan.builder().optSteps(300).build().learningRates(), part.learningRates());
    }

    @Test
    void shortRunsWarmUpForATenthOfTheirSteps() {
        assertEquals(5, TrainingPlan.builder().optSteps(50).build().warmupSteps());
        assertEquals(100, TrainingPlan.builder().optSteps(50_000).build().warmupSteps());
    }

    @Test
    void theRateEndsAtATenthOfItsPeak() {
        TrainingPlan plan = TrainingPlan.builder().optLearningRate(6e-4).build();
        assertEquals(6e-5, plan.minLearningRate(), 1e-12);
    }

    private static Arguments wrong(String named, UnaryOperator<TrainingPlan.Builder> change) {
        return Arguments.of(named, change);
    }
}
