package org.djlgpt.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

class CharTokenizerTest {

    private static final String GRIN = "\uD83D\uDE00";

    @TempDir private Path folder;

    @Test
    void idsFollowTheOrderOfTheCodePoints() {
        CharTokenizer tokenizer = CharTokenizer.fromText("b" + GRIN + "a\uFFFDb\n");

        assertEquals("\nab\uFFFD" + GRIN, tokenizer.characters());
        assertEquals(5, tokenizer.vocabSize());
        assertArrayEquals(new int[] {4, 2, 0, 3}, tokenizer.encode(GRIN + "b\n\uFFFD"));
        assertEquals(GRIN + "b\n\uFFFD", tokenizer.decode(4, 2, 0, 3));
        assertTrue(tokenizer.endOfText().isEmpty());
    }

    @Test
    void anUnknownCharacterIsNamedWithItsCodePointAndPlace() {
        CharTokenizer tokenizer = CharTokenizer.fromText("ab" + GRIN);

        String message = rejected(() -> tokenizer.encode("ab" + GRIN + "\u00e9"));

        assertTrue(message.contains("'\u00e9' (U+00E9) at index 4"), message);
        assertTrue(message.contains("3 of the vocabulary"), message);
    }

    @Test
    void whatIsUnknownMayBeLeftOut() throws IOException {
        CharTokenizer strict = CharTokenizer.fromText("ab" + GRIN);
        CharTokenizer tokenizer = strict.leavingOutUnknown();

        assertArrayEquals(
                strict.encode("ab" + GRIN), tokenizer.encode("\ra" + "\u00e9b\r\n" + GRIN));
        assertArrayEquals(new int[0], tokenizer.encode("\uD83D\uDE01"));
        assertTrue(rejected(() -> tokenizer.encode("\uD83D")).contains("unpaired"));
        assertTrue(tokenizer.knows('a') && tokenizer.knows(0x1F600));
        assertFalse(tokenizer.knows('c') || tokenizer.knows(-1) || tokenizer.knows(0x1F601));
        tokenizer.save(folder);
        assertEquals("ab" + GRIN, CharTokenizer.load(folder).characters());
    }

    @Test
    void anIdOutsideTheVocabularyIsRefused() {
        CharTokenizer tokenizer = CharTokenizer.fromText("abc");

        assertTrue(rejected(() -> tokenizer.decode(0, 3)).contains("id=3"));
        assertTrue(rejected(() -> tokenizer.decode(-1)).contains("vocabSize=3"));
    }

    @Test
    void anUnpairedSurrogateIsNoText() {
        CharTokenizer tokenizer = CharTokenizer.fromText("ab" + GRIN);

        assertTrue(rejected(() -> tokenizer.encode("ab\uD83D")).contains("U+D83D at index 2"));
        assertTrue(
                rejected(() -> tokenizer.encode(GRIN + "\uDE00a")).contains("U+DE00 at index 2"));
        assertTrue(rejected(() -> CharTokenizer.fromText("\uD83Da")).contains("index 0"));
    }

    @Test
    void anEmptyTextHasNoVocabulary() {
        assertTrue(rejected(() -> CharTokenizer.fromText("")).contains("at least 1"));
    }

    @Test
    void decodingRestoresWhatWasEncoded() {
        Random random = new Random(7);
        for (int trial = 0; trial < 50; trial++) {
            String text = RandomText.of(random, 1 + random.nextInt(60));
            CharTokenizer tokenizer = CharTokenizer.fromText(text);
            int[] ids = tokenizer.encode(text);

            assertEquals(text.codePointCount(0, text.length()), ids.length);
            assertEquals(text, tokenizer.decode(ids));
            assertArrayEquals(text.getBytes(StandardCharsets.UTF_8), tokenizer.decodeBytes(ids));
        }
    }

    @Test
    void aSavedTokenizerComesBackFromItsFolder() throws IOException {
        Random random = new Random(8);
        for (int trial = 0; trial < 20; trial++) {
            String text = RandomText.of(random, 40) + "\"\\\u2028</";
            CharTokenizer saved = CharTokenizer.fromText(text);
            Path model = folder.resolve("model" + trial);
            saved.save(model);

            Tokenizer loaded = Tokenizer.load(model);

            assertEquals(saved.characters(), ((CharTokenizer) loaded).characters());
            assertArrayEquals(saved.encode(text), loaded.encode(text));
        }
    }

    @Test
    void aFileFromAnEarlierReleaseStillLoads() throws IOException {
        write("{\"type\": \"char\", \"version\": 1, \"characters\": \"ba\\ud83d\\ude00\"}");

        assertArrayEquals(new int[] {2, 0, 1}, CharTokenizer.load(folder).encode(GRIN + "ba"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "\"char\"",
                "{\"type\": \"char\", \"version\": 1}",
                "{\"type\": \"char\", \"version\": 2, \"characters\": \"ab\"}",
                "{\"type\": \"word\", \"version\": 1, \"characters\": \"ab\"}",
                "{\"type\": \"char\", \"version\": 1, \"characters\": \"\"}",
                "{\"type\": \"char\", \"version\": 1, \"characters\": \"aba\"}",
                "{\"type\": \"char\", \"version\": 1, \"characters\": [\"a\"]}",
                "{\"type\": \"char\", \"version\": 1, \"characters\": \"\\ud83d\"}",
                "{\"type\": \"char\", \"version\": 1, \"characters\": \"ab\", \"more\": 1}",
                "{\"type\": \"char\", \"version\": 1, \"characters\": \"ab\"} {}",
                "{\"type\": \"char\", \"version\": 1, \"characters\": \"ab\"",
            })
    void aMalformedFileIsRefusedByName(String json) throws IOException {
        write(json);

        assertTrue(rejected(() -> CharTokenizer.load(folder)).contains(CharTokenizer.FILE));
    }

    @Test
    void aDamagedFileLoadsOrIsRefused() throws IOException {
        CharTokenizer.fromText("to be or not, \u00e9\u4e2d" + GRIN).save(folder);
        Path file = folder.resolve(CharTokenizer.FILE);
        byte[] whole = Files.readAllBytes(file);
        Random random = new Random(9);
        int refused = 0;
        for (int trial = 0; trial < 500; trial++) {
            Files.write(file, RandomText.damage(whole, random));
            try {
                assertTrue(CharTokenizer.load(folder).vocabSize() > 0);
            } catch (IllegalArgumentException e) {
                refused++;
                assertTrue(e.getMessage().contains(CharTokenizer.FILE), e.getMessage());
            }
        }
        assertTrue(refused > 250, "only " + refused + " of 500 damaged files were refused");
    }

    private void write(String json) throws IOException {
        Files.writeString(folder.resolve(CharTokenizer.FILE), json);
    }

    private static String rejected(Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }
}
