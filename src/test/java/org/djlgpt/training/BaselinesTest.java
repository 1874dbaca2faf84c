package org.djlgpt.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.djlgpt.data.Tokens;
import org.junit.jupiter.api.Test;

import java.util.stream.IntStream;

class BaselinesTest {

    private static final double EXACT = 1e-12;

    @Test
    void uniformIsTheLogarithmOfTheVocabulary() {
        assertEquals(Math.log(50257), Baselines.of(Tokens.of(1, 2, 3), 50257).uniform(), EXACT);
    }

    @Test
    void unigramIsTheEntropyOfTheFrequencies() {
        // a half, a quarter, two eighths: (1/2) 1 + (1/4) 2 + 2 (1/8) 3 = 1.75 bits
        Tokens tokens = Tokens.of(0, 0, 0, 0, 1, 1, 2, 3);

        assertEquals(1.75 * Math.log(2), Baselines.of(tokens, 4).unigram(), EXACT);
    }

    @Test
    void tokensThatNeverComeAddNothing() {
        assertEquals(Math.log(2), Baselines.of(Tokens.of(7, 9, 7, 9), 1000).unigram(), EXACT);
    }

    @Test
    void oneTokenOverAndOverHoldsNoInformation() {
        assertEquals(0, Baselines.of(Tokens.of(5, 5, 5), 6).unigram(), EXACT);
    }

    @Test
    void equalFrequenciesMakeBothTheSame() {
        // 200,000 tokens are more than are counted in one piece
        Tokens tokens = Tokens.of(IntStream.range(0, 200_000).map(i -> i % 100).toArray());

        Baselines baselines = Baselines.of(tokens, 100);

        assertEquals(baselines.uniform(), baselines.unigram(), EXACT);
    }

    @Test
    void nothingToCountIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Baselines.of(Tokens.of(), 10));
    }

    @Test
    void aTokenOutsideTheVocabularyIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Baselines.of(Tokens.of(1, 10), 10));
    }
}
