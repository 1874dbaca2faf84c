package org.djlgpt.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** What autograd keeps of one step here takes about 3 MB, so that a leak of it is plain to see. */
class TrainingMemoryTest {

    private static final Path STATM = Path.of("/proc/self/statm");
    private static final int CONTEXT = 64;

    @Test
    void threeHundredStepsHoldNoMoreThanAHundred() throws IOException {
        try (NDManager manager = ComputeDevice.newManager()) {
            Gpt2Config size =
                    TinyGpt.size(64, CONTEXT).setEmbeddingDim(32).optDropout(0.1f).build();
            Map<Integer, Long> arrays = new TreeMap<>();
            Map<Integer, Long> pages = new TreeMap<>();
            TrainingLoopListener watch =
                    new TrainingLoopListener() {
                        @Override
                        public void onStep(StepReport report) throws IOException {
                            if (report.step() % 100 == 0) {
                                System.gc();
                                arrays.put(report.step(), HeldArrays.inProcess(manager));
                                pages.put(report.step(), residentPages());
                            }
                        }
                    };

            TrainingLoop.builder()
                    .setModel(TinyGpt.model(size, 1, manager))
                    .setManager(manager)
                    .setData(windows(), windows())
                    .optPlan(
                            TrainingPlan.builder()
                                    .optSteps(300)
                                    .optBatchSize(8)
                                    .optGradientAccumulation(2)
                                    .optEvalEvery(50)
                                    .optEvalBatches(1)
                                    .build())
                    .optListeners(watch)
                    .build()
                    .run();

            assertEquals(arrays.get(100), arrays.get(300), "arrays held: " + arrays);
            assertTrue(pages.get(300) <= 1.05 * pages.get(100), "resident pages: " + pages);
        }
    }

    /** Returns 0 where the system does not tell. */
    private static long residentPages() throws IOException {
        return Files.exists(STATM) ? Long.parseLong(Files.readString(STATM).split(" ")[1]) : 0;
    }

    private static TokenWindows windows() {
        int[] tokens = IntStream.range(0, 4000).map(i -> (i * i + i / 7) % 64).toArray();
        return TokenWindows.builder()
                .setTokens(Tokens.of(tokens))
                .setContextLength(CONTEXT)
                .optStride(3)
                .setSampling(1, false)
                .build();
    }
}
