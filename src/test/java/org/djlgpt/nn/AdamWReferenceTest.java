package org.djlgpt.nn;

import static org.djlgpt.testing.Figures.array;
import static org.djlgpt.testing.Figures.assertFigures;
import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.tracker.ParameterTracker;
import ai.djl.training.tracker.Tracker;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import org.djlgpt.testing.Figures;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The optimizer's trajectories against those of {@code torch.optim.AdamW}. */
class AdamWReferenceTest {

    private static final double TOLERANCE = 1e-6;
    private static final JsonObject FIGURES =
            Figures.read(AdamWReferenceTest.class, "/org/djlgpt/model/gpt-reference.json")
                    .getAsJsonObject("adamw");

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void aConstantRateFollowsPyTorch() {
        JsonObject figures = FIGURES.getAsJsonObject("constantRate");

        assertTrajectory(figures, Tracker.fixed(figures.get("rate").getAsFloat()));
    }

    /** The schedule is written out here, since its class lies in a package further down. */
    @Test
    void aWarmUpAndCosineFollowsPyTorch() {
        JsonObject figures = FIGURES.getAsJsonObject("warmupCosine");
        double peak = figures.get("peak").getAsDouble();
        double minimum = figures.get("minimum").getAsDouble();
        int warmup = figures.get("warmupSteps").getAsInt();
        int decay = figures.get("decaySteps").getAsInt();

        assertTrajectory(
                figures,
                (id, update) -> {
                    int step = update - 1;
                    double progress = (double) (step - warmup) / (decay - warmup);
                    double cosine = (1 + Math.cos(Math.PI * progress)) / 2;
                    return (float)
                            (step < warmup
                                    ? peak * (step + 1) / (warmup + 1)
                                    : minimum + (peak - minimum) * cosine);
                });
    }

    private void assertTrajectory(JsonObject figures, ParameterTracker rate) {
        NDArray matrix = array(manager, FIGURES.getAsJsonObject("start").get("matrix"));
        NDArray vector = array(manager, FIGURES.getAsJsonObject("start").get("vector"));
        JsonArray rowScales = FIGURES.getAsJsonArray("scaleOfMatrixRow");
        JsonArray elementScales = FIGURES.getAsJsonArray("scaleOfVectorElement");
        try (FusedAdamW optimizer = optimizer(rate)) {
            for (int step = 0; step < 100; step++) {
                optimizer.update("matrix", matrix, gradient(matrix, step, rowScales));
                optimizer.update("vector", vector, gradient(vector, step, elementScales));
                JsonElement after = figures.getAsJsonObject("after").get("" + (step + 1));
                if (after != null) {
                    assertFigures(after.getAsJsonObject().get("matrix"), matrix, TOLERANCE);
                    assertFigures(after.getAsJsonObject().get("vector"), vector, TOLERANCE);
                }
            }
        }
    }

    private static FusedAdamW optimizer(ParameterTracker rate) {
        return FusedAdamW.builder()
                .optLearningRateTracker(rate)
                .optBeta1(FIGURES.get("beta1").getAsDouble())
                .optBeta2(FIGURES.get("beta2").getAsDouble())
                .optEpsilon(FIGURES.get("epsilon").getAsDouble())
                .optWeightDecays(FIGURES.getAsJsonObject("weightDecay").get("matrix").getAsFloat())
                .build();
    }

    private NDArray gradient(NDArray weight, int step, JsonArray scales) {
        int size = (int) weight.size();
        int width = size / scales.size();
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            double scale = scales.get(i / width).getAsDouble();
            values[i] = (float) (Math.sin(0.1 * (step + 1) * (i + 1)) * scale);
        }
        return manager.create(values, weight.getShape());
    }

    /** Where DJL's own AdamW moves the weight by 0.031. */
    @Test
    void aParameterThatJoinsLaterCountsItsOwnUpdates() {
        NDArray early = manager.zeros(new Shape(1));
        NDArray late = manager.zeros(new Shape(1));
        try (FusedAdamW optimizer =
                FusedAdamW.builder().optLearningRateTracker(Tracker.fixed(0.1f)).build()) {
            for (int i = 0; i < 50; i++) {
                optimizer.update("early", early, manager.ones(new Shape(1)));
            }
            optimizer.update("late", late, manager.ones(new Shape(1)));
        }
        assertEquals(-0.1f, late.getFloat(), 1e-6f);
    }

    @Test
    void epsilonIsAddedBesideTheRootAfterBiasCorrection() {
        NDArray weight = manager.zeros(new Shape(1));
        try (FusedAdamW optimizer =
                FusedAdamW.builder().optLearningRateTracker(Tracker.fixed(1f)).build()) {
            optimizer.update("weight", weight, manager.create(new float[] {1e-8f}));
        }

        assertEquals(-0.5, weight.getFloat(0), 1e-6);
    }

    @Test
    void matricesDecayAndVectorsDoNot() {
        NDArray matrix = manager.ones(new Shape(2, 2));
        NDArray vector = manager.ones(new Shape(2));
        try (FusedAdamW optimizer =
                FusedAdamW.builder()
                        .optLearningRateTracker(Tracker.fixed(0.1f))
                        .optWeightDecays(0.5f)
                        .build()) {
            optimizer.update("matrix", matrix, matrix.zerosLike());
            optimizer.update("vector", vector, vector.zerosLike());
        }

        assertArrayEquals(new float[] {0.95f, 0.95f, 0.95f, 0.95f}, matrix.toFloatArray(), 1e-6f);
        assertArrayEquals(new float[] {1, 1}, vector.toFloatArray());
    }

    @Test
    void anUpdateLeavesTwoMomentsBehindUntilItIsClosed() {
        NDArray weight = manager.ones(new Shape(2, 2));
        NDArray gradient = manager.ones(new Shape(2, 2));
        FusedAdamW optimizer = FusedAdamW.builder().build();
        optimizer.update("weight", weight, gradient);
        int afterTheFirst = manager.getManagedArrays().size();

        for (int i = 0; i < 10; i++) {
            optimizer.update("weight", weight, gradient);
        }
        assertEquals(afterTheFirst, manager.getManagedArrays().size());

        optimizer.close();
        assertEquals(2, manager.getManagedArrays().size());
    }

    @Test
    void refusesDecaysOfMomentsAndEpsilonsThatMakeNoSense() {
        assertRefused(() -> FusedAdamW.builder().optBeta1(1).build(), "beta1=1.0", "[0, 1)");
        assertRefused(() -> FusedAdamW.builder().optBeta1(Double.NaN).build(), "beta1=NaN");
        assertRefused(() -> FusedAdamW.builder().optBeta2(-0.1).build(), "beta2=-0.1", "[0, 1)");
        assertRefused(() -> FusedAdamW.builder().optEpsilon(0).build(), "epsilon=0.0", "positive");
    }
}
