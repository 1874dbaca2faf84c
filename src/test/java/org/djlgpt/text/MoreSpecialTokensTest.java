package org.djlgpt.text;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Special tokens that a tokenizer gets later. */
class MoreSpecialTokensTest {

    private static final List<String> MORE = List.of("<|turn|>", "<|over|>");

    @TempDir private Path folder;

    static Stream<Tokenizer> tokenizers() throws IOException {
        return Stream.of(
                new Gpt2Tokenizer(),
                Gpt2Tokenizer.load(resource("small-gpt2")),
                PretrainedTokenizer.load(resource("byte-level")),
                PretrainedTokenizer.load(resource("sentencepiece")));
    }

    private static Path resource(String name) {
        return Path.of(MoreSpecialTokensTest.class.getResource(name).getPath());
    }

    @ParameterizedTest
    @MethodSource("tokenizers")
    void theyFollowTheOthersWhichStayWhatTheyAre(Tokenizer before) throws IOException {
        int first = before.vocabSize();
        Tokenizer added = before.withSpecialTokens(MORE);
        added.save(folder);
        Tokenizer loaded = Tokenizer.load(folder);

        assertSame(before.getClass(), loaded.getClass());
        for (Tokenizer after : List.of(added, loaded)) {
            assertEquals(first + 2, after.vocabSize());
            assertEquals(before.endOfText(), after.endOfText());
            assertTrue(after.specialTokens().containsAll(MORE));
            assertTrue(after.specialTokens().containsAll(before.specialTokens()));
            int[] both = after.encodeWithSpecialTokens("<|turn|><|over|>");
            assertArrayEquals(new int[] {first, first + 1}, both);
            assertEquals("<|turn|><|over|>", after.decode(both));
            assertTrue(IntStream.of(after.encode("<|turn|>")).allMatch(id -> id < first));
            Random random = new Random(2);
            for (int trial = 0; trial < 50; trial++) {
                String text = RandomText.of(random, 40).replace('\u2581', ' ');
                assertArrayEquals(before.encode(text), after.encode(text));
            }
        }
    }

    @Test
    void moreCanBeAddedToMore() throws IOException {
        Tokenizer.load(resource("byte-level")).withSpecialTokens(MORE).save(folder);

        Tokenizer third = Tokenizer.load(folder).withSpecialTokens(List.of("<|third|>"));

        int id = third.vocabSize() - 1;
        assertArrayEquals(
                new int[] {id - 2, id}, third.encodeWithSpecialTokens("<|turn|><|third|>"));
    }

    @ParameterizedTest
    @MethodSource("tokenizers")
    void whatIsThereIsRefused(Tokenizer tokenizer) {
        String known = tokenizer.specialTokens().iterator().next();
        assertRefused(
                () -> tokenizer.withSpecialTokens(List.of("<|turn|>", known)),
                "\"" + known + "\" is in the vocabulary already");
        assertRefused(() -> tokenizer.withSpecialTokens(List.of("a")), "\"a\" is in");
        assertRefused(() -> tokenizer.withSpecialTokens(List.of("")), "empty");
        assertRefused(() -> tokenizer.withSpecialTokens(List.of()), "give at least one");
        assertRefused(
                () -> tokenizer.withSpecialTokens(List.of("<|turn|>", "<|turn|>")), "already");
    }

    @Test
    void charactersHaveNone() {
        assertRefused(
                () -> CharTokenizer.fromText("abc").withSpecialTokens(MORE),
                "CharTokenizer takes no special tokens");
    }
}
