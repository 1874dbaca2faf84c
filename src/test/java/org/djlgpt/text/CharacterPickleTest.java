package org.djlgpt.text;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;

/** nanoGPT's {@code meta.pkl}, as Python wrote it. */
class CharacterPickleTest {

    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5})
    void itsCharactersAreAVocabulary(int protocol) throws IOException {
        write(resource("meta-" + protocol + ".pkl"));

        Tokenizer tokenizer = Tokenizer.load(folder);

        // as in corpus_fixture.py: 8 characters and 0x400 to 0x51F
        assertEquals(8 + 0x120, tokenizer.vocabSize());
        assertArrayEquals(
                new int[] {0, 1, 2, 3, 4, 5, 6, 6 + 0x120, 7 + 0x120},
                tokenizer.encode("\n !Za\u00e9\u0400\u4f60\uD83D\uDE00"));
    }

    @Test
    void aCallIsNamedAndNotMade() throws IOException {
        write(resource("calls.pkl"));

        assertRefused(
                () -> Tokenizer.load(folder),
                "meta.pkl is not nanoGPT's list of characters",
                "0x93, which names a function or class (GLOBAL)");
    }

    @ParameterizedTest
    @CsvSource({
        "80027D2E, no dictionary with vocab_size",
        "4B012E, no dictionary with vocab_size",
        "2E, cut or damaged",
        "'', cut or damaged",
        "8004, cut or damaged",
        "5800000080, cut or damaged",
        "8C0561, cut or damaged",
        "752E, cut or damaged",
        "68002E, refers to something",
        "4B014B02732E, cut or damaged",
        "4B014B024B03732E, no dictionary",
        "7D7D7D732E, a dictionary as a key",
        "8C02C3282E, not UTF-8",
        "284B01742E, the instruction 0x74"
    })
    void whatIsNoneIsRefused(String program, String reason) throws IOException {
        write(HexFormat.of().parseHex(program));

        assertRefused(() -> Tokenizer.load(folder), "meta.pkl", reason);
    }

    @Test
    void aDamagedOneIsReadOrRefused() throws IOException {
        byte[] whole = resource("meta-4.pkl");
        Random random = new Random(3);
        int refused = 0;
        for (int trial = 0; trial < 1000; trial++) {
            write(RandomText.damage(whole, random));
            try {
                assertTrue(Tokenizer.load(folder).vocabSize() > 0);
            } catch (IllegalArgumentException e) {
                refused++;
                assertTrue(e.getMessage().contains("meta.pkl"), e.getMessage());
            }
        }
        assertTrue(refused > 900, refused + " of 1000 were refused");
    }

    private void write(byte[] bytes) throws IOException {
        Files.write(folder.resolve("meta.pkl"), bytes);
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = CharacterPickleTest.class.getResourceAsStream("corpus/" + name)) {
            return in.readAllBytes();
        }
    }
}
