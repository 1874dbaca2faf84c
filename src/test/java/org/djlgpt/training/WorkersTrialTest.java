package org.djlgpt.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.OnCpu;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Threads;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** What it costs to find out whether a batch is best split over threads. */
@OnCpu("on a GPU nothing is tried")
class WorkersTrialTest {

    private static final int WORDS = 11;
    private static final int CONTEXT = 8;
    private static final Batches BATCHES = Batches.shuffled(windows(), 2, 3);

    private final int threads = Threads.count();
    private NDManager manager;
    private int taken;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        Threads.use(2);
    }

    @AfterEach
    void close() {
        Threads.use(threads);
        manager.close();
    }

    private static TokenWindows windows() {
        int[] ids = IntStream.range(0, 200).map(i -> (i * i + i / 7) % WORDS).toArray();
        return TokenWindows.builder()
                .setTokens(Tokens.of(ids))
                .setContextLength(CONTEXT)
                .setSampling(1, false)
                .build();
    }

    private GptModel model(float dropout) {
        return TinyGpt.model(TinyGpt.size(WORDS, CONTEXT).optDropout(dropout).build(), 1, manager);
    }

    private OptionalInt tryIt(GptModel model, TrainingPlan.Builder plan, Batches batches) {
        Batches counted =
                (owner, number) -> {
                    taken++;
                    return batches.batch(owner, number);
                };
        return TrainingStep.fastestWorkers(
                model, Objective.nextToken(), manager, counted, plan.build());
    }

    private static TrainingPlan.Builder plan(int steps) {
        return TrainingPlan.builder().optSteps(steps).optBatchSize(2);
    }

    @Test
    void itLeavesTheModelAsItWas() {
        GptModel model = model(0);
        float[] before = weights(model);
        long held = HeldArrays.inProcess(manager);

        int workers = tryIt(model, plan(300), BATCHES).orElseThrow();

        assertTrue(workers == 1 || workers == 2, workers + " workers");
        assertArrayEquals(before, weights(model));
        assertEquals(held, HeldArrays.inProcess(manager));
    }

    private static float[] weights(GptModel model) {
        return new FlatTensors(
                        model.getParameters().values().stream().map(p -> p.getArray()).toList())
                .get();
    }

    @Test
    void itTakesThreePercentOfATrainingAtMost() {
        tryIt(model(0), plan(150).optGradientAccumulation(2), BATCHES);

        assertTrue(List.of(5, 7, 9).contains(taken), taken + " batches"); // fewer if they are slow
    }

    @Test
    void aShortTrainingIsNotWorthATrial() {
        assertEquals(OptionalInt.empty(), tryIt(model(0), plan(299), BATCHES));
        assertEquals(0, taken);
    }

    @Test
    void nothingIsSplitThatIsOne() {
        assertEquals(OptionalInt.empty(), tryIt(model(0), plan(300).optBatchSize(1), BATCHES));
        Threads.use(1);
        assertEquals(OptionalInt.empty(), tryIt(model(0), plan(300), BATCHES));
        assertEquals(0, taken);
    }

    @Test
    void oneBatchTellsThatAModelDrawsAtRandom() {
        assertEquals(OptionalInt.empty(), tryIt(model(0.1f), plan(300), BATCHES));
        assertEquals(1, taken);
    }

    @Test
    void longBatchesStayWhole() {
        Batches slow =
                (owner, number) -> {
                    LockSupport.parkNanos(550_000_000);
                    return BATCHES.batch(owner, number);
                };

        assertEquals(OptionalInt.empty(), tryIt(model(0), plan(300), slow));
        assertTrue(taken == 1 || taken == 2, taken + " batches");
    }
}
