package org.djlgpt.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Guessing ahead changes how many passes a text takes, and nothing of the text. */
class SpeculationTest {

    private static final CharTokenizer CHARACTERS = CharTokenizer.fromText("abcdefgh ");
    private static final int TOKENS = 120;
    private static final int CONTEXT = 16;

    private NDManager manager;
    private GptDecoder decoder;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        decoder = decoder(1);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private GptDecoder decoder(int seed) {
        int words = CHARACTERS.vocabSize();
        GptModel model = TinyGpt.scrambled(TinyGpt.size(words, CONTEXT).build(), seed, manager);
        return new GptDecoder(model, WeightPrecision.FP32, manager);
    }

    @Test
    void greedyTextsAreTheSameWhateverIsGuessed() {
        assertSameText(Sampler.greedy());
    }

    @Test
    void randomTextsAreTheSameWhateverIsGuessed() {
        assertSameText(Sampler.random().topK(5).temperature(0.9).repetitionPenalty(1.1));
    }

    private void assertSameText(Sampler sampler) {
        String expected = generator(sampler, null).generate("abc");
        Random random = new Random(3);
        Draft wild =
                (tokens, most) ->
                        random.ints(random.nextInt(most + 1), -1, CHARACTERS.vocabSize() + 1)
                                .toArray();

        assertEquals(expected, generator(sampler, wild).generate("abc"));
        assertEquals(expected, generator(sampler, Draft.promptLookup()).generate("abc"));
        assertEquals(expected, generator(sampler, oracle(expected)).generate("abc"));
        try (DraftModel itself = new DraftModel(decoder, manager);
                DraftModel other = new DraftModel(decoder(2), manager)) {
            assertEquals(expected, generator(sampler, itself).generate("abc"));
            assertEquals(expected, generator(sampler, other).generate("abc"));
        }
    }

    @Test
    void whatIsGuessedRightTakesNoPassOfItsOwn() {
        String expected = generator(Sampler.greedy(), null).generate("abc");
        int[] asked = {0};
        Draft oracle = oracle(expected);
        Draft counting =
                (tokens, most) -> {
                    asked[0]++;
                    return oracle.guess(tokens, most);
                };

        assertEquals(expected, generator(Sampler.greedy(), counting).generate("abc"));

        assertTrue(asked[0] > 0 && asked[0] < TOKENS / 2, asked[0] + " guesses");
    }

    @Test
    void aGuessIsCheckedInThePassThatReadsAMovedWindowAnew() {
        String expected = generator(Sampler.greedy(), null).generate("abc");
        List<Integer> lengths = new ArrayList<>();
        Draft oracle = oracle(expected);
        Draft watched =
                (tokens, most) -> {
                    lengths.add(tokens.length);
                    return oracle.guess(tokens, most);
                };

        assertEquals(expected, generator(Sampler.greedy(), watched).generate("abc"));

        ContextWindow window = new ContextWindow(CONTEXT);
        assertTrue(
                lengths.stream().anyMatch(n -> window.start(n) > window.start(n - 1)),
                lengths + " guessed");
    }

    @Test
    void guessesThatDoNotPayAreLeftAloneButForATryNowAndThen() {
        Speculation speculation = new Speculation((tokens, most) -> new int[most]);
        assertTrue(guesses(speculation, 64, 1, 0.003) <= 8, "3 times the time for no more tokens");
        assertTrue(guesses(speculation, 640, 1, 0.003) <= 640 / 32);
    }

    @Test
    void guessesThatPayAreMadeAlsoWhenAPassIsInterrupted() {
        Speculation speculation = new Speculation((tokens, most) -> new int[most]);
        guesses(speculation, 64, 3, 0.0015);
        speculation.passed(1, 4, 3, 0.5);
        assertTrue(guesses(speculation, 64, 3, 0.0015) >= 62);
    }

    /** Runs passes, of a millisecond without a guess; returns how many had one. */
    private static int guesses(Speculation speculation, int passes, int taken, double seconds) {
        TokenSequence sequence =
                new TokenSequence(new int[] {1}, Sampler.greedy(), 1, 1, token -> true);
        int guesses = 0;
        for (int i = 0; i < passes; i++) {
            int guess = speculation.guess(sequence, 16).length;
            guesses += guess > 0 ? 1 : 0;
            speculation.passed(1, guess, guess > 0 ? taken : 1, guess > 0 ? seconds : 0.001);
        }
        return guesses;
    }

    /** Knows the text. */
    private static Draft oracle(String text) {
        int[] all = CHARACTERS.encode("abc" + text);
        return (tokens, most) ->
                Arrays.copyOfRange(all, tokens.length, Math.min(tokens.length + most, all.length));
    }

    @Test
    void aDraftModelGuessesWhatItWouldWrite() {
        int[] prompt = CHARACTERS.encode("abc");
        int[] written =
                new TokenGenerator(decoder, manager, Sampler.greedy())
                        .generate(prompt, 8, token -> true);
        try (DraftModel draft = new DraftModel(decoder, manager)) {
            assertArrayEquals(written, draft.guess(prompt, 8));
            int[] longer =
                    IntStream.concat(Arrays.stream(prompt), Arrays.stream(written, 0, 2)).toArray();
            assertArrayEquals(Arrays.copyOfRange(written, 2, 6), draft.guess(longer, 4));
            assertArrayEquals(Arrays.copyOf(written, 1), draft.guess(prompt, 1));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1 2 3 4 1 2 3, 2, 4 1",
        "1 2 3 4 1 2 3, 9, 4 1 2 3 4 1 2 3 4",
        "7 2 3 4 1 2 3, 1, 4",
        "1 2 3 9 1 2 3 8 1 2 3, 1, 8",
        "5 5 5 5, 3, 5 5 5",
        "9 1 2 3 4 8 1 2 3 7 9 1 2 3, 1, 4",
        "1 2 3 4 5, 3, ''",
        "1 2 1, 3, ''",
        "1, 3, ''"
    })
    void promptLookupRepeatsWhatFollowedTheLatestPlace(String tokens, int most, String guess) {
        assertArrayEquals(ids(guess), Draft.promptLookup().guess(ids(tokens), most));
    }

    @Test
    void aSecondDraftIsAskedWhereTheFirstHasNothingToGuess() {
        Draft both = Draft.promptLookup().or((tokens, most) -> new int[] {most});
        assertArrayEquals(new int[] {4}, both.guess(ids("1 2 3 4 1 2 3"), 1));
        assertArrayEquals(new int[] {7}, both.guess(ids("1 2 3 4"), 7));
    }

    private static int[] ids(String text) {
        return text.isEmpty()
                ? new int[0]
                : Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray();
    }

    @Test
    void noArraysAreLeftBehind() {
        generator(Sampler.greedy(), null).generate("abc");
        long before = HeldArrays.inProcess(manager);

        generator(Sampler.random(), Draft.promptLookup()).generate("abc");
        try (DraftModel draft = new DraftModel(decoder, manager)) {
            generator(Sampler.random(), draft).generate("abc");
        }

        assertEquals(before, HeldArrays.inProcess(manager));
    }

    private TextGenerator generator(Sampler sampler, Draft draft) {
        return TextGenerator.builder()
                .setDecoder(decoder)
                .setTokenizer(CHARACTERS)
                .setManager(manager)
                .optSampler(sampler)
                .optDraft(draft)
                .optMaxNewTokens(TOKENS)
                .optSeed(11)
                .build();
    }
}
