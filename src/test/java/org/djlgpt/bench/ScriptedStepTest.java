package org.djlgpt.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

import org.djlgpt.model.GptModel;
import org.djlgpt.training.Batches;
import org.djlgpt.training.StepHook;
import org.djlgpt.training.TrainingPlan;
import org.djlgpt.training.TrainingStep;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Random;

class ScriptedStepTest {

    private static final MeasuredModel SIZES = MeasuredModel.smallest(1, 16);

    @Test
    void changesTheWeightsAsTheTrainingThatItIsMeasuredBesideDoes() throws Exception {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDList batch = new NDList(tokens(1, manager), tokens(2, manager));
            Batches same = (arrays, number) -> new NDList(tokens(1, arrays), tokens(2, arrays));
            GptModel trained = model(manager);
            GptModel scripted = model(manager);
            TrainingPlan plan = TrainingPlan.builder().optWarmupSteps(0).build();
            ScriptedStep.State state = new ScriptedStep.State(scripted);
            try (TrainingStep training =
                    new TrainingStep(trained, manager, same, plan, StepHook.NONE)) {
                for (int step = 0; step < 3; step++) {
                    double rate = plan.learningRates().rate(step);
                    float loss = state.step(batch.get(0), batch.get(1), rate);
                    assertEquals(training.run(step).loss(), loss, 1e-5, "step " + step);
                }
            }
            List<NDArray> expected = weights(trained);
            List<NDArray> actual = weights(scripted);
            for (int i = 0; i < expected.size(); i++) {
                assertTrue(actual.get(i).allClose(expected.get(i), 1e-5, 1e-5, false), "" + i);
            }
        }
    }

    private static GptModel model(NDManager manager) {
        Engine.getInstance().setRandomSeed(123);
        return SIZES.create(manager);
    }

    private static NDArray tokens(int seed, NDManager manager) {
        return SIZES.tokens(new Random(seed), 1, 16, manager);
    }

    private static List<NDArray> weights(GptModel model) {
        return model.getParameters().values().stream().map(p -> p.getArray()).toList();
    }
}
