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
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.model.LlamaConfig.Relative;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

class TokenGeneratorTest {

    private static final int VOCABULARY = 50;
    private static final int CONTEXT = 8;
    private static final int[] PROMPT = {3, 1, 4, 1, 5};

    /** Greedy by another name. */
    private static final Sampler LIKELIEST = Sampler.random().topK(1);

    private NDManager manager;
    private GptModel model;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        model = TinyGpt.scrambled(TinyGpt.size(VOCABULARY, CONTEXT).build(), 1, manager);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void greedyContinuesWithTheArgmaxOfTheLogits() {
        assertArrayEquals(uncached(PROMPT, 200), greedy(PROMPT, 200));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, CONTEXT - 1, CONTEXT, CONTEXT + 1, 3 * CONTEXT + 2})
    void promptsOfAnyLengthAreContinued(int length) {
        int[] prompt = IntStream.range(0, length).map(i -> i * 7 % VOCABULARY).toArray();

        assertArrayEquals(uncached(prompt, 40), greedy(prompt, 40));
    }

    @Test
    void aModelThatSeesOneTokenOnlyGoesOnFromTheLast() {
        model = TinyGpt.scrambled(TinyGpt.size(VOCABULARY, 1).build(), 3, manager);

        assertArrayEquals(uncached(PROMPT, 20), greedy(PROMPT, 20));
    }

    @ParameterizedTest
    @EnumSource(Relative.class)
    void aModelWithRotatedPositionsIsSeenThroughTheSameWindow(Relative relative) {
        LlamaConfig size =
                LlamaConfig.builder()
                        .optRelative(relative)
                        .setVocabSize(VOCABULARY)
                        .setContextLength(CONTEXT)
                        .setEmbeddingDim(16)
                        .setNumHeads(4)
                        .setNumLayers(2)
                        .optNumKeyValueHeads(2)
                        .build();
        model = TinyGpt.scrambled(size, 1, manager);

        assertArrayEquals(uncached(PROMPT, 60), greedy(PROMPT, 60));
        assertRowsOfABatchAreContinuedAsIfAlone(60);
    }

    @Test
    void rowsOfABatchAreContinuedAsIfAlone() {
        assertRowsOfABatchAreContinuedAsIfAlone(200);
    }

    private void assertRowsOfABatchAreContinuedAsIfAlone(int count) {
        int[][] prompts = {{3}, PROMPT, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2}, {0, 0}};
        int[][] together = new int[prompts.length][];

        TokenGenerator generator = new TokenGenerator(model, manager, Sampler.greedy());
        try (Decoding decoding = generator.start(prompts)) {
            for (int i = 0; i < count; i++) {
                decoding.next();
            }
            for (int row = 0; row < prompts.length; row++) {
                int[] tokens = decoding.running().get(row).tokens();
                together[row] = Arrays.copyOfRange(tokens, prompts[row].length, tokens.length);
            }
        }

        for (int row = 0; row < prompts.length; row++) {
            assertArrayEquals(uncached(prompts[row], count), together[row], "row " + row);
        }
    }

    @Test
    void sequencesThatComeAndGoAreContinuedAsIfAlone() {
        Random random = new Random(5);
        Map<TokenSequence, int[]> prompts = new LinkedHashMap<>();
        long before = HeldArrays.inProcess(manager);

        try (Decoding decoding =
                new TokenGenerator(model, manager, Sampler.greedy()).start(PROMPT)) {
            for (int step = 0; step < 150; step++) {
                if (random.nextInt(4) == 0) {
                    int[] prompt = random.ints(1 + random.nextInt(12), 0, VOCABULARY).toArray();
                    TokenSequence sequence =
                            new TokenSequence(
                                    prompt,
                                    random.nextBoolean() ? Sampler.greedy() : LIKELIEST,
                                    0,
                                    1 + random.nextInt(30),
                                    token -> true);
                    prompts.put(sequence, prompt);
                    decoding.add(sequence);
                }
                List<TokenSequence> running = decoding.running();
                if (!running.isEmpty() && random.nextInt(10) == 0) {
                    decoding.remove(running.get(random.nextInt(running.size())));
                }
                decoding.next();
            }
        }

        assertEquals(before, HeldArrays.inProcess(manager));
        assertTrue(prompts.size() > 20);
        prompts.forEach(
                (sequence, prompt) -> {
                    int count = sequence.length() - prompt.length;
                    int[] tokens = sequence.tokens();
                    int[] chosen = Arrays.copyOfRange(tokens, prompt.length, tokens.length);
                    assertArrayEquals(uncached(prompt, count), chosen);
                });
    }

    @Test
    void nothingHappensWithoutASequence() {
        try (Decoding decoding = new TokenGenerator(model, manager, Sampler.greedy()).start()) {
            decoding.next();
            assertEquals(List.of(), decoding.running());
        }
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
    void anInterruptEndsTheTokensAndStaysForTheCaller() {
        int[] tokens =
                new TokenGenerator(model, manager, Sampler.greedy())
                        .generate(
                                PROMPT,
                                100,
                                token -> {
                                    Thread.currentThread().interrupt();
                                    return true;
                                });

        assertTrue(Thread.interrupted());
        assertEquals(1, tokens.length);
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
                (logits, seen, draw) -> {
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
        List<int[]> alone = prompts.stream().map(prompt -> greedy(prompt, 200)).toList();
        long before = HeldArrays.inProcess(manager);

        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<int[]>> tasks =
                    prompts.stream()
                            .<Callable<int[]>>map(prompt -> () -> greedy(prompt, 200))
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
        try (Recording off = Recording.off()) {
            model.getParameters().get(0).getValue().getArray().muli(Float.NaN);
        }

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

    /** What the whole model says of each window, by the rule that the window moves by. */
    private int[] uncached(int[] prompt, int count) {
        int context = model.config().contextLength();
        int[] tokens = prompt;
        for (int i = 0; i < count; i++) {
            int from = 0;
            while (tokens.length - from > context) {
                from += Math.max(1, context / 4);
            }
            int next = argMaxAfter(Arrays.copyOfRange(tokens, from, tokens.length));
            tokens = IntStream.concat(Arrays.stream(tokens), IntStream.of(next)).toArray();
        }
        return Arrays.copyOfRange(tokens, prompt.length, tokens.length);
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

    private static int[] seeded(TokenGenerator generator, int seed) {
        Engine.getInstance().setRandomSeed(seed);
        return generator.generate(PROMPT, 30, token -> true);
    }
}
