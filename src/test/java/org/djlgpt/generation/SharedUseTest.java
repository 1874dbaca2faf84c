package org.djlgpt.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Threads write with one model while others load and close models of their own. */
class SharedUseTest {

    private static final int WRITERS = 8;
    private static final int LOADERS = 2;
    private static final int TOKENS = 60;

    @TempDir private Path folder;
    private NDManager manager;
    private GptModel model;

    @BeforeEach
    void open() throws Exception {
        manager = ComputeDevice.newManager();
        model = TinyGpt.scrambled(TinyGpt.size(50, 16).build(), 1, manager);
        ModelDirectory.save(model, folder);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void writersAndLoadersLeaveEachOtherAlone() throws Exception {
        useFor(Duration.ofSeconds(2));
    }

    @Test
    @Tag("soak")
    void writersAndLoadersLeaveEachOtherAloneForAMinute() throws Exception {
        useFor(Duration.ofMinutes(1));
    }

    private void useFor(Duration duration) throws Exception {
        try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.FP32, manager)) {
            TokenGenerator generator = new TokenGenerator(decoder, manager, Sampler.greedy());
            long held = HeldArrays.inProcess(manager);
            long end = System.nanoTime() + duration.toNanos();
            List<Callable<Integer>> tasks = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int[] prompt = {i, 2 * i + 1, 7};
                int[] alone = generator.generate(prompt, TOKENS, token -> true);
                tasks.add(() -> write(generator, prompt, alone, end));
            }
            for (int i = 0; i < LOADERS; i++) {
                tasks.add(() -> load(end));
            }
            int rounds = run(tasks, duration.plusSeconds(60));
            assertTrue(rounds >= tasks.size(), rounds + " rounds");
            assertEquals(held, HeldArrays.inProcess(manager));
        }
    }

    private static int run(List<Callable<Integer>> tasks, Duration limit) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
        try {
            int rounds = 0;
            for (Future<Integer> task :
                    threads.invokeAll(tasks, limit.toMillis(), TimeUnit.MILLISECONDS)) {
                rounds += task.get(); // canceled, and so failing, if it hung
            }
            return rounds;
        } finally {
            threads.shutdownNow();
        }
    }

    private static int write(TokenGenerator generator, int[] prompt, int[] alone, long end) {
        int rounds = 0;
        while (rounds == 0 || System.nanoTime() < end) {
            assertArrayEquals(alone, generator.generate(prompt, TOKENS, token -> true));
            rounds++;
        }
        return rounds;
    }

    private int load(long end) throws Exception {
        int[] prompt = {3, 1, 4};
        int[] expected = null;
        int rounds = 0;
        while (rounds == 0 || System.nanoTime() < end) {
            WeightPrecision[] all = WeightPrecision.values();
            try (NDManager own = ComputeDevice.newManager()) {
                GptModel loaded = ModelDirectory.load(folder, own);
                GptDecoder decoder = new GptDecoder(loaded, all[rounds % all.length], own);
                TokenGenerator generator = new TokenGenerator(decoder, own, Sampler.greedy());
                int[] tokens = generator.generate(prompt, TOKENS, token -> true);
                if (rounds % all.length == 0) {
                    expected = expected == null ? tokens : expected;
                    assertArrayEquals(expected, tokens);
                }
                assertTrue(IntStream.of(tokens).allMatch(token -> token < 50));
            }
            rounds++;
        }
        return rounds;
    }
}
