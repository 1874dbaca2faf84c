package org.djlgpt.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;

/** The SHA-256 values are those that OpenAI's tiktoken expects of GPT-2's published files. */
class Gpt2TokenizerTest {

    private static final String SHA256_OF_VOCAB_BPE =
            "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5";
    private static final String SHA256_OF_ENCODER_JSON =
            "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783";

    @TempDir private static Path saved;

    @TempDir private Path folder;

    private final Gpt2Tokenizer tokenizer = new Gpt2Tokenizer();

    @BeforeAll
    static void save() throws IOException {
        new Gpt2Tokenizer().save(saved);
    }

    @Test
    void publishedSentencesHaveTheirPublishedIds() {
        assertArrayEquals(new int[] {15496, 11, 995, 0}, tokenizer.encode("Hello, world!"));
        assertArrayEquals(new int[] {15496, 11, 314, 716}, tokenizer.encode("Hello, I am"));
        assertArrayEquals(
                new int[] {6109, 3626, 6100, 345}, tokenizer.encode("Every effort moves you"));
        assertArrayEquals(new int[] {6109, 1110, 6622, 257}, tokenizer.encode("Every day holds a"));
        assertArrayEquals(new int[] {33901, 86, 343, 86, 220, 959}, tokenizer.encode("Akwirw ier"));
        assertArrayEquals(new int[] {}, tokenizer.encode(""));
    }

    @Test
    void endOfTextIsOneTokenWhereItIsAskedFor() {
        int[] ids =
                tokenizer.encodeWithSpecialTokens(
                        "Hello, world!<|endoftext|><|endoftext|>Hello, I am");

        assertArrayEquals(new int[] {15496, 11, 995, 0, 50256, 50256, 15496, 11, 314, 716}, ids);
        assertEquals("Hello, world!<|endoftext|><|endoftext|>Hello, I am", tokenizer.decode(ids));
        assertEquals(OptionalInt.of(50256), tokenizer.endOfText());
        assertEquals(50257, tokenizer.vocabSize());
    }

    @Test
    void endOfTextInTextIsText() {
        int[] letters = {27, 91, 437, 1659, 5239, 91, 29};

        assertArrayEquals(letters, tokenizer.encode("<|endoftext|>"));
        assertEquals("<|endoftext|>", tokenizer.decode(letters));
    }

    @Test
    void decodingRestoresWhatWasEncoded() {
        Random random = new Random(5);
        for (int trial = 0; trial < 200; trial++) {
            String text = RandomText.of(random, random.nextInt(80));
            assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
        }
    }

    @Test
    void aTokenMayHoldPartOfACharacter() {
        int[] ids = tokenizer.encode("\uD83D\uDE00");

        assertTrue(ids.length > 1);
        assertEquals("\uFFFD", tokenizer.decode(ids[0]));
        assertArrayEquals(
                "\uD83D\uDE00".getBytes(StandardCharsets.UTF_8), tokenizer.decodeBytes(ids));
    }

    @Test
    void aLongRunOfOneCharacterIsEncoded() {
        // GPT-2 has tokens of 64 hyphens, the longest run, and none of two spaces.
        int[] hyphens = tokenizer.encode("-".repeat(64_000));
        assertEquals(1000, hyphens.length);
        assertEquals(1, Arrays.stream(hyphens).distinct().count());
        assertEquals(50_000, tokenizer.encode(" ".repeat(50_000)).length);
    }

    @Test
    void whatIsNoTextOrNoIdIsRefused() {
        assertTrue(rejected(() -> tokenizer.encode("a\uD83D")).contains("U+D83D at index 1"));
        String message = rejected(() -> tokenizer.decode(50257));
        assertTrue(message.contains("id=50257") && message.contains("vocabSize=50257"), message);
        assertTrue(rejected(() -> tokenizer.decodeBytes(-1)).contains("id=-1"));
    }

    @Test
    void theFirstMergesAreThoseOfThePaperRelease() throws IOException {
        List<String> lines = Files.readAllLines(saved.resolve("merges.txt"));

        assertEquals(
                List.of("#version: 0.2", "\u0120 t", "\u0120 a", "h e", "i n", "r e", "o n"),
                lines.subList(0, 7));
        assertEquals(50_001, lines.size());
    }

    @Test
    void theSavedFilesAreThePublishedOnes() throws IOException {
        assertEquals(SHA256_OF_VOCAB_BPE, sha256(Files.readString(saved.resolve("merges.txt"))));
        assertEquals(
                SHA256_OF_ENCODER_JSON,
                sha256(asPythonWrites(Files.readString(saved.resolve("vocab.json")))));
    }

    @Test
    void aSavedTokenizerComesBackFromItsFolder() throws IOException {
        Tokenizer loaded = Tokenizer.load(saved);

        assertArrayEquals(tokenizer.encode("Hello, world!"), loaded.encode("Hello, world!"));
    }

    @Test
    void aVocabularyInAnotherOrderOrLayoutIsStillGpt2s() throws IOException {
        String vocab = Files.readString(saved.resolve("vocab.json"));
        String moved =
                "{\"<|endoftext|>\": 50256,\n"
                        + vocab.substring(1).replace(",\"<|endoftext|>\":50256", "");
        copy(asPythonWrites(moved), merges());

        assertEquals(50257, Tokenizer.load(folder).vocabSize());
    }

    @Test
    void aMissingPartIsNamed() throws IOException {
        Files.copy(saved.resolve("vocab.json"), folder.resolve("vocab.json"));
        assertTrue(rejected(() -> Tokenizer.load(folder)).contains("merges.txt does not exist"));

        Files.move(folder.resolve("vocab.json"), folder.resolve("tokenizer.json"));
        assertTrue(rejected(() -> Tokenizer.load(folder)).contains("$.model is"));

        Files.move(folder.resolve("tokenizer.json"), folder.resolve("vocab.txt"));
        assertTrue(rejected(() -> Tokenizer.load(folder)).contains("holds no tokenizer"));
        assertTrue(
                rejected(() -> Tokenizer.load(folder.resolve("none"))).contains("does not exist"));
    }

    @Test
    void twoTokenizersInOneFolderAreRefused() throws IOException {
        copy(vocab(), merges());
        CharTokenizer.fromText("ab").save(folder);

        assertTrue(rejected(() -> Tokenizer.load(folder)).contains("two tokenizers"));
    }

    @Test
    void filesThatContradictEachOtherAreRefused() throws IOException {
        copy(vocab().replace("\"!\":0", "\"!\":7"), merges());
        assertRefused("\"(\" has id=7", "each once");

        copy(vocab().replace("\"!\":0,", ""), merges());
        assertRefused("has id=50256", "must be 0 to 50255");

        copy(vocab().replace("\"the\":", "\"thx\":"), merges());
        assertRefused("\"t he\", which is not two tokens that make a third");

        copy(vocab(), merges().replace("\nh e\n", "\nh i\n"));
        assertRefused("\"h i\", comes twice");

        copy(vocab(), merges().replace("\nh e\n", "\nh e s\n"));
        assertRefused("merge 3 is \"h e s\"");

        copy(vocab(), merges().substring(0, merges().indexOf("\n", merges().length() / 2)));
        assertRefused("is made by no merge");
    }

    private void assertRefused(String... parts) {
        String message = rejected(() -> Tokenizer.load(folder));
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
        assertTrue(message.contains("vocab.json") && message.contains("merges.txt"), message);
    }

    private static String vocab() throws IOException {
        return Files.readString(saved.resolve("vocab.json"));
    }

    private static String merges() throws IOException {
        return Files.readString(saved.resolve("merges.txt"));
    }

    private void copy(String vocab, String merges) throws IOException {
        Files.writeString(folder.resolve("vocab.json"), vocab);
        Files.writeString(folder.resolve("merges.txt"), merges);
    }

    /**
     * Re-writes compact JSON as Python's {@code json.dumps} does: ASCII, a space after each mark.
     */
    private static String asPythonWrites(String json) {
        StringBuilder python = new StringBuilder();
        for (char c :
                json.replaceAll("\":(\\d+)", "\": $1")
                        .replaceAll("(\\d),\"", "$1, \"")
                        .toCharArray()) {
            python.append(c > '~' ? String.format("\\u%04x", (int) c) : c);
        }
        return python.toString();
    }

    private static String sha256(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    private static String rejected(Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }
}
