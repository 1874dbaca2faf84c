package org.djlgpt.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.model.GptModel;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Gpt2Tokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

class TextGeneratorTest {

    private static final Tokenizer CHARACTERS = CharTokenizer.fromText("abcdefgh \n");
    private static final Tokenizer GPT2 = new Gpt2Tokenizer();

    private final NDManager manager = ComputeDevice.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void piecesJoinToTheWholeText() {
        TextGenerator generator = random(CHARACTERS, 40);
        List<String> pieces = new ArrayList<>();

        int tokens = generator.generate("abc", pieces::add).newTokens();

        assertEquals(40, tokens);
        assertEquals(40, pieces.size());
        assertEquals(generator.generate("abc"), String.join("", pieces));
    }

    @Test
    void emojiThatTokensCutAreHandedOutWhole() {
        String text = "a 😀👩‍👧 你好!";
        int[] ids = GPT2.encode(text);
        assertTrue(ids.length > text.codePointCount(0, text.length()), "tokens are parts");
        List<String> pieces = new ArrayList<>();

        int tokens = gpt2(script(ids), ids.length).generate("x", pieces::add).newTokens();

        assertEquals(ids.length, tokens);
        assertEquals(text, String.join("", pieces));
        for (String piece : pieces) {
            assertTrue(piece.codePoints().noneMatch(c -> c == 0xFFFD), piece);
        }
    }

    @Test
    void aCharacterThatTheLastTokenLeavesUnfinishedIsMarked() {
        int[] smile = GPT2.encode("😀");

        String text = gpt2(script(smile), smile.length - 1).generate("x");

        assertEquals("\uFFFD", text);
    }

    @Test
    void endOfTextStopsAndIsNotPrinted() {
        int[] ids = GPT2.encodeWithSpecialTokens("The end.<|endoftext|>Another");
        StringBuilder text = new StringBuilder();

        int tokens = gpt2(script(ids), ids.length).generate("x", text::append).newTokens();

        assertEquals("The end.", text.toString());
        assertEquals(GPT2.encode("The end.").length + 1, tokens);
    }

    @Test
    void withAnEndOfTextTokenAnEmptyPromptStartsADocument() {
        int[] ids = GPT2.encode("Once");

        assertEquals("Once", gpt2(script(ids), ids.length).generate(""));
    }

    @Test
    void withoutOneAnEmptyPromptIsRefused() {
        TextGenerator generator = random(CHARACTERS, 1);

        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> generator.generate(""));

        assertTrue(refused.getMessage().contains("prompt is empty"), refused.getMessage());
    }

    @Test
    void theSeedIsSetForEachText() {
        TextGenerator generator = random(CHARACTERS, 30);

        String first = generator.generate("abc");
        Engine.getInstance().setRandomSeed(99);

        assertEquals(first, generator.generate("abc"));
    }

    @Test
    void aCharacterThatTheTokenizerDoesNotKnowIsRefused() {
        TextGenerator generator = random(CHARACTERS, 1);

        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> generator.generate("ab€"));

        assertTrue(refused.getMessage().contains("'€' (U+20AC) at index 2"), refused.getMessage());
    }

    @Test
    void idsThatTheTokenizerDoesNotKnowAreNeverDrawn() {
        GptModel model = TinyGpt.model(TinyGpt.size(64, 8).build(), 1, manager);
        TextGenerator generator =
                TextGenerator.builder()
                        .setModel(model)
                        .setTokenizer(CHARACTERS)
                        .setManager(manager)
                        .optMaxNewTokens(100)
                        .build();

        assertEquals(100, generator.generate("abc").length());
    }

    @Test
    void aTokenizerWithMoreIdsThanTheModelIsRefused() {
        GptModel model = TinyGpt.model(TinyGpt.size(5, 4).build(), 1, manager);

        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () ->
                                TextGenerator.builder()
                                        .setModel(model)
                                        .setTokenizer(CHARACTERS)
                                        .setManager(manager)
                                        .build());

        assertTrue(refused.getMessage().contains("10"), refused.getMessage());
        assertTrue(refused.getMessage().contains("5"), refused.getMessage());
    }

    @Test
    void noTokensAreRefusedWhenTheGeneratorIsBuilt() {
        assertThrows(IllegalArgumentException.class, () -> random(CHARACTERS, 0));
    }

    @Test
    void samplesOfOnePromptDifferAndEachEndsByItself() {
        List<String> samples = random(CHARACTERS, 40).samples("abc", 3);

        assertEquals(3, samples.stream().distinct().count());
        samples.forEach(sample -> assertEquals(40, sample.length()));
    }

    /** Those that end early wait for those before them, and another takes their place at once. */
    @Test
    void anyNumberOfSamplesBeginsWithTheFirstAndWritesFewAtATime() {
        List<Long> atATime = new ArrayList<>();
        Sampler counting =
                (logits, seen, draw) -> {
                    atATime.add(logits.getShape().get(0));
                    return Sampler.random().sample(logits, seen, draw);
                };
        TextGenerator generator = builder(CHARACTERS, counting, 40, "h").optPlaces(3).build();
        List<String> texts = new ArrayList<>();

        assertThrows(
                EnoughException.class,
                () ->
                        generator.samples(
                                "abc",
                                1_000_000_000,
                                text -> {
                                    texts.add(text);
                                    if (texts.size() == 20) {
                                        throw new EnoughException();
                                    }
                                }));

        assertTrue(texts.stream().mapToInt(String::length).distinct().count() > 3, "all alike");
        assertEquals(3, Collections.max(atATime));
        assertEquals(generator(CHARACTERS, Sampler.random(), 40, "h").samples("abc", 20), texts);
    }

    private static final class EnoughException extends RuntimeException {

        private static final long serialVersionUID = 1;
    }

    @Test
    void anInterruptedThreadBeginsNoOtherSample() {
        TextGenerator generator = builder(CHARACTERS, Sampler.random(), 7).optPlaces(3).build();
        List<String> texts = new ArrayList<>();

        generator.samples(
                "abc",
                1_000_000_000,
                text -> {
                    texts.add(text);
                    Thread.currentThread().interrupt();
                });

        assertTrue(Thread.interrupted(), "the flag stays for the caller");
        assertEquals(generator.samples("abc", 3), texts);
    }

    @Test
    void promptsOfDifferentLengthsAreContinuedAsIfAlone() {
        TextGenerator generator = generator(CHARACTERS, Sampler.greedy(), 50);
        List<String> prompts = List.of("a", "hgfedcba abc", "cab");

        List<String> texts = generator.generate(prompts);

        assertEquals(prompts.stream().map(generator::generate).toList(), texts);
    }

    @Test
    void theTextEndsBeforeAStopString() {
        int[] ids = GPT2.encode("One. Two.\nThree. Four.");
        TextGenerator generator = gpt2(script(ids), ids.length, "Four", "\nThr");
        List<String> pieces = new ArrayList<>();

        generator.generate("x", pieces::add);

        assertEquals("One. Two.", String.join("", pieces));
    }

    @Test
    void aStreamMakesNoMoreThanIsTaken() {
        int[] drawn = {0};
        Sampler counting =
                (logits, seen, draw) -> {
                    drawn[0]++;
                    return Sampler.random().sample(logits, seen, draw);
                };
        TextGenerator generator = generator(CHARACTERS, counting, 1000);
        String expected = generator.generate("abc").substring(0, 7);
        drawn[0] = 0;

        try (Stream<String> text = generator.stream("abc")) {
            assertEquals(expected, text.limit(7).collect(Collectors.joining()));
        }

        assertEquals(7, drawn[0]);
    }

    @Test
    void aStreamGivesTheWholeText() {
        TextGenerator generator = random(CHARACTERS, 30);

        assertEquals(
                generator.generate("abc"), generator.stream("abc").collect(Collectors.joining()));
    }

    @Test
    void aStreamThatIsClosedOrEndedLeavesNoArraysBehind() {
        TextGenerator generator = random(CHARACTERS, 30);
        long before = HeldArrays.inProcess(manager);

        try (Stream<String> text = generator.stream("abc")) {
            assertTrue(text.findFirst().isPresent());
        }
        assertEquals(before, HeldArrays.inProcess(manager));
        assertEquals(30, generator.stream("abc").count());
        assertEquals(before, HeldArrays.inProcess(manager));
    }

    @Test
    void anInterruptedThreadStopsWriting() {
        List<String> pieces = new ArrayList<>();
        GenerationReport report =
                random(CHARACTERS, 1000)
                        .generate(
                                "abc",
                                piece -> {
                                    pieces.add(piece);
                                    if (pieces.size() == 5) {
                                        Thread.currentThread().interrupt();
                                    }
                                });

        assertTrue(Thread.interrupted(), "the flag stays for the caller");
        assertEquals(5, report.newTokens());
    }

    @Test
    void theReportCountsTokensAndTime() {
        GenerationReport report = random(CHARACTERS, 9).generate("abc", piece -> {});

        assertEquals(3, report.promptTokens());
        assertEquals(9, report.newTokens());
        assertTrue(report.secondsToFirstToken() > 0);
        assertTrue(report.seconds() > report.secondsToFirstToken());
        assertEquals(
                8 / (report.seconds() - report.secondsToFirstToken()), report.tokensPerSecond());
    }

    @Test
    void anEmptyStopStringIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> generator(CHARACTERS, Sampler.greedy(), 1, ""));
    }

    private TextGenerator random(Tokenizer tokenizer, int tokens) {
        return generator(tokenizer, Sampler.random(), tokens);
    }

    private TextGenerator gpt2(Sampler sampler, int tokens, String... stops) {
        return generator(GPT2, sampler, tokens, stops);
    }

    private TextGenerator.Builder builder(
            Tokenizer tokenizer, Sampler sampler, int tokens, String... stops) {
        GptModel model = TinyGpt.model(TinyGpt.size(tokenizer.vocabSize(), 8).build(), 1, manager);
        return TextGenerator.builder()
                .setModel(model)
                .setTokenizer(tokenizer)
                .setManager(manager)
                .optSampler(sampler)
                .optMaxNewTokens(tokens)
                .optStopStrings(stops)
                .optSeed(11);
    }

    private TextGenerator generator(
            Tokenizer tokenizer, Sampler sampler, int tokens, String... stops) {
        return builder(tokenizer, sampler, tokens, stops).build();
    }

    /** Returns a sampler that takes given tokens whatever the scores are. */
    private static Sampler script(int[] ids) {
        int[] next = {0};
        return (logits, seen, draw) -> {
            NDArray token = logits.getManager().create(new long[] {ids[next[0]++]});
            return token.reshape(new Shape(1, 1));
        };
    }
}
