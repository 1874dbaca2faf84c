package org.djlgpt.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;

import org.djlgpt.model.GptModel;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

class TokenGeneratorTest {

    private static final int VOCABULARY = 50;
    private static final int CONTEXT = 8;
    private static final int[] PROMPT = {3, 1, 4, 1, 5};

    private NDManager manager;
    private GptModel model;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager();
        model = TinyGpt.model(TinyGpt.size(VOCABULARY, CONTEXT).build(), 1, manager);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void greedyContinuesWithTheArgmaxOfTheLogits() {
        int[] tokens = PROMPT;
        for (int i = 0; i < 6; i++) {
            int from = Math.max(0, tokens.length - CONTEXT);
            int next = argMaxAfter(Arrays.copyOfRange(tokens, from, tokens.length));
            tokens = IntStream.concat(Arrays.stream(tokens), IntStream.of(next)).toArray();
        }

        int[] expected = Arrays.copyOfRange(tokens, PROMPT.length, tokens.length);
        assertArrayEquals(expected, greedy(PROMPT, 6));
    }

    @Test
    void aPromptLongerThanTheContextCountsFromItsEnd() {
        int[] prompt = IntStream.range(0, 3 * CONTEXT).map(i -> i * 7 % VOCABULARY).toArray();
        int[] end = Arrays.copyOfRange(prompt, prompt.length - CONTEXT, prompt.length);

        assertArrayEquals(greedy(end, 5), greedy(prompt, 5));
    }

    @Test
    void theContextBeginsWithTheTokenThatManyFromTheEnd() {
        int[] prompt = IntStream.range(0, 3 * CONTEXT).map(i -> i * 7 % VOCABULARY).toArray();
        int[] before = prompt.clone();
        before[prompt.length - CONTEXT - 1] = 49;
        int[] within = prompt.clone();
        within[prompt.length - CONTEXT] = 49;

        assertArrayEquals(scores(prompt), scores(before));
        assertFalse(Arrays.equals(scores(prompt), scores(within)));
    }

    @Test
    void theSameSeedGivesTheSameTokensAndAnotherOneOthers() {
        TokenGenerator generator = new TokenGenerator(model, manager, Sampler.random());

        int[] first = seeded(generator, 5);
        int[] again = seeded(generator, 5);
        int[] other = seeded(generator, 6);

        assertArrayEquals(first, again);
        assertFalse(Arrays.equals(first, other));
    }

    @Test
    void theListenerHearsEveryTokenAndEndsTheText() {
        IntStream.Builder heard = IntStream.builder();
        int[] left = {3};

        int[] tokens =
                new TokenGenerator(model, manager, Sampler.random())
                        .generate(
                                PROMPT,
                                100,
                                token -> {
                                    heard.add(token);
                                    return --left[0] > 0;
                                });

        assertEquals(3, tokens.length);
        assertArrayEquals(heard.build().toArray(), tokens);
    }

    @Test
    void noArraysAreLeftBehind() {
        greedy(PROMPT, 1);
        long before = HeldArrays.inProcess(manager);

        new TokenGenerator(model, manager, Sampler.random().topK(5).temperature(0.7))
                .generate(PROMPT, 20, token -> true);

        assertEquals(before, HeldArrays.inProcess(manager));
    }

    @Test
    void noArraysAreLeftBehindByASamplerThatFails() {
        long before = HeldArrays.inProcess(manager);
        Sampler failing =
                logits -> {
                    throw new IllegalStateException("no choice");
                };

        assertThrows(
                IllegalStateException.class,
                () -> new TokenGenerator(model, manager, failing).generate(PROMPT, 1, t -> true));

        assertEquals(before, HeldArrays.inProcess(manager));
    }

    @Test
    void threadsShareAModel() throws Exception {
        List<int[]> prompts =
                IntStream.range(0, 4).mapToObj(i -> new int[] {i, 2 * i + 1, 7}).toList();
        List<int[]> alone = prompts.stream().map(prompt -> greedy(prompt, 25)).toList();
        long before = HeldArrays.inProcess(manager);

        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<int[]>> tasks =
                    prompts.stream()
                            .<Callable<int[]>>map(prompt -> () -> greedy(prompt, 25))
                            .toList();
            List<Future<int[]>> together = threads.invokeAll(tasks);
            for (int i = 0; i < alone.size(); i++) {
                assertArrayEquals(alone.get(i), together.get(i).get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertEquals(before, HeldArrays.inProcess(manager));
    }

    @Test
    void damagedWeightsAreNamed() {
        model.getParameters().get(0).getValue().getArray().muli(Float.NaN);

        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> greedy(PROMPT, 1));

        assertTrue(refused.getMessage().contains("NaN"), refused.getMessage());
    }

    @Test
    void nothingToContinueIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> greedy(new int[0], 1));
    }

    @Test
    void aTokenOutsideTheVocabularyIsRefused() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> greedy(new int[] {50}, 1));

        assertTrue(refused.getMessage().contains("50"), refused.getMessage());
        assertThrows(IllegalArgumentException.class, () -> greedy(new int[] {-1}, 1));
    }

    @Test
    void noNewTokensAreRefused() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> greedy(PROMPT, 0));

        assertTrue(refused.getMessage().contains("maxNewTokens=0"), refused.getMessage());
    }

    private int argMaxAfter(int[] tokens) {
        NDArray ids = manager.create(tokens).expandDims(0);
        float[] logits =
                model.forward(new ParameterStore(manager, false), new NDList(ids), false)
                        .singletonOrThrow()
                        .get("0, -1")
                        .toFloatArray();
        return IntStream.range(0, logits.length)
                .reduce((a, b) -> logits[b] > logits[a] ? b : a)
                .getAsInt();
    }

    private int[] greedy(int[] prompt, int count) {
        return new TokenGenerator(model, manager, Sampler.greedy())
                .generate(prompt, count, token -> true);
    }

    private float[] scores(int[] prompt) {
        float[][] seen = new float[1][];
        Sampler spy =
                logits -> {
                    seen[0] = logits.toFloatArray();
                    return Sampler.greedy().sample(logits);
                };
        new TokenGenerator(model, manager, spy).generate(prompt, 1, token -> true);
        return seen[0];
    }

    private static int[] seeded(TokenGenerator generator, int seed) {
        Engine.getInstance().setRandomSeed(seed);
        return generator.generate(PROMPT, 30, token -> true);
    }
}
