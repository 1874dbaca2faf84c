package org.djlgpt.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.data.Tokens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A text that is encoded in parts, on several threads, has the ids of the whole. */
class CorpusEncoderTest {

    private static final String ALPHABET = "aZ \n\t\u00a0\u3000'sl1\u00bd!\u00e9\u4f60";

    @TempDir private Path folder;

    @Test
    void gpt2sIdsOfATextInTinyPartsAreTiktokens() throws IOException {
        Gpt2Tokenizer tokenizer = new Gpt2Tokenizer();
        for (JsonElement line : cases()) {
            JsonObject expected = line.getAsJsonObject();
            Corpus corpus = new Corpus(List.of(expected.get("text").getAsString()));
            int[] ids = new Gson().fromJson(expected.get("ids"), int[].class);
            for (int partBytes : new int[] {8, 13, 64}) {
                assertArrayEquals(ids, encode(corpus, tokenizer, partBytes, 2));
            }
        }
    }

    private static Iterable<JsonElement> cases() throws IOException {
        try (Reader json =
                new InputStreamReader(
                        CorpusEncoderTest.class.getResourceAsStream("corpus/gpt2.json"),
                        StandardCharsets.UTF_8)) {
            return JsonParser.parseReader(json).getAsJsonObject().getAsJsonArray("cases");
        }
    }

    static Stream<Tokenizer> tokenizers() throws Exception {
        return Stream.of(
                new Gpt2Tokenizer(),
                CharTokenizer.fromText(ALPHABET).leavingOutUnknown(),
                Gpt2Tokenizer.load(resource("small-gpt2")),
                PretrainedTokenizer.load(resource("byte-level")));
    }

    private static Path resource(String name) throws Exception {
        return Path.of(CorpusEncoderTest.class.getResource(name).toURI());
    }

    /** What {@link Tokenizer#maySplit} promises. */
    @ParameterizedTest
    @MethodSource("tokenizers")
    void aCutThatIsAllowedChangesNoId(Tokenizer tokenizer) {
        Random random = new Random(5);
        for (int trial = 0; trial < 300; trial++) {
            int[] text = randomText(random).codePoints().toArray();
            int[] whole = tokenizer.encode(new String(text, 0, text.length));
            for (int cut = 1; cut < text.length; cut++) {
                if (tokenizer.maySplit(text[cut - 1], text[cut])) {
                    int[] first = tokenizer.encode(new String(text, 0, cut));
                    int[] second = tokenizer.encode(new String(text, cut, text.length - cut));
                    assertArrayEquals(
                            whole,
                            IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray(),
                            new String(text, 0, text.length) + " cut at " + cut);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("tokenizers")
    void documentsInPartsOnThreadsHaveTheIdsOfTheWhole(Tokenizer tokenizer) {
        Random random = new Random(6);
        for (int trial = 0; trial < 60; trial++) {
            Corpus corpus =
                    new Corpus(
                            Stream.generate(() -> randomText(random))
                                    .limit(1 + random.nextInt(6))
                                    .toList());
            int[] expected = idsOfTheWhole(corpus, tokenizer);
            for (int numThreads = 1; numThreads < 4; numThreads++) {
                assertArrayEquals(
                        expected, encode(corpus, tokenizer, 8 + random.nextInt(40), numThreads));
            }
            assertArrayEquals(expected, all(corpus.encode(tokenizer)));
        }
    }

    /** As it reads in {@link CorpusEncoder}, without parts and threads. */
    private static int[] idsOfTheWhole(Corpus corpus, Tokenizer tokenizer) {
        OptionalInt endOfText = tokenizer.endOfText();
        if (endOfText.isEmpty()) {
            return tokenizer.encode(corpus.text());
        }
        List<Integer> ids = new ArrayList<>();
        for (String document : corpus.documents()) {
            if (!ids.isEmpty()) {
                ids.add(endOfText.getAsInt());
            }
            Arrays.stream(tokenizer.encode(document)).forEach(ids::add);
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    private static String randomText(Random random) {
        if (random.nextInt(4) == 0) {
            return RandomText.of(random, 1 + random.nextInt(60));
        }
        StringBuilder text = new StringBuilder();
        List<String> pieces = List.of("wordy word", "<|endoftext|>", "\uD83D\uDE00", "'re", "  ");
        for (int i = random.nextInt(80); i >= 0; i--) {
            int next = random.nextInt(ALPHABET.length() + pieces.size());
            text.append(
                    next < pieces.size()
                            ? pieces.get(next)
                            : ALPHABET.substring(next - pieces.size(), next - pieces.size() + 1));
        }
        return text.toString();
    }

    @Test
    void aWordThatWasAddedAndHasASpaceIsNotCut() throws Exception {
        assertEquals(false, Gpt2Tokenizer.load(resource("small-gpt2")).maySplit('y', ' '));
        assertEquals(true, new Gpt2Tokenizer().maySplit('y', ' '));
        assertEquals(false, new Gpt2Tokenizer().maySplit(' ', ' '));
        assertEquals(false, new Gpt2Tokenizer().maySplit(' ', 'y'));
    }

    @Test
    void filesOfAFolderAreReadAsTheyStand() throws IOException {
        Random random = new Random(7);
        for (int i = 0; i < 20; i++) {
            Files.writeString(folder.resolve("%02d.txt".formatted(i)), RandomText.of(random, 300));
        }
        Files.writeString(folder.resolve("05.txt"), "");
        Corpus corpus = Corpus.read(folder);
        Gpt2Tokenizer gpt2 = new Gpt2Tokenizer();
        CharTokenizer characters = CharTokenizer.fromCorpus(corpus);

        assertEquals(19, corpus.documents().size());
        assertArrayEquals(characters.encode(corpus.text()), encode(corpus, characters, 50, 2));
        assertArrayEquals(idsOfTheWhole(corpus, gpt2), encode(corpus, gpt2, 50, 2));
    }

    @Test
    void itTellsHowFarItIsAndWhatTheTextSpells() {
        String document = "<|endoftext|> ends; <|endoftext|><|endoftext|> and <|endoftext";
        Corpus corpus = new Corpus(List.of(document, document));
        List<Long> heard = new ArrayList<>();
        CorpusEncoder encoder =
                CorpusEncoder.builder()
                        .setCorpus(corpus)
                        .setTokenizer(new Gpt2Tokenizer())
                        .optPartBytes(16)
                        .optListener(heard::add)
                        .build();

        encoder.tokens();

        assertEquals(6, encoder.specialTokens());
        assertEquals(corpus.bytes(), heard.get(heard.size() - 1));
        assertEquals(heard.stream().sorted().toList(), heard);
        encoder.tokens();
        assertEquals(6, encoder.specialTokens());
    }

    @Test
    void whatHasNoIdIsNamedWithItsPlace() {
        CharTokenizer tokenizer = CharTokenizer.fromText("ab");
        Corpus corpus = new Corpus(List.of("abababababababababababx"));

        String message =
                assertThrows(IllegalArgumentException.class, () -> encode(corpus, tokenizer, 10, 2))
                        .getMessage();

        assertTrue(message.contains("from byte 18 on: text has the character 'x'"), message);
    }

    @Test
    void aFileThatIsChangedInBetweenIsTold() throws IOException {
        Path file = Files.writeString(folder.resolve("a.txt"), "text");
        Corpus corpus = Corpus.read(file);
        Files.write(file, new byte[] {'a', (byte) 0xFF});

        String message =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> corpus.encode(new Gpt2Tokenizer()))
                        .getMessage();

        assertTrue(message.contains("changed while it was read"), message);
    }

    @Test
    void charactersAreCounted() {
        Corpus corpus = new Corpus(List.of("a\uD83D\uDE00a", "\r\n"));

        assertEquals(
                Map.of((int) 'a', 2L, 0x1F600, 1L, 13, 1L, 10, 1L),
                Map.copyOf(corpus.characters()));
    }

    private static int[] encode(Corpus corpus, Tokenizer tokenizer, int partBytes, int threads) {
        return all(
                CorpusEncoder.builder()
                        .setCorpus(corpus)
                        .setTokenizer(tokenizer)
                        .optThreads(threads)
                        .optPartBytes(partBytes)
                        .build()
                        .tokens());
    }

    private static int[] all(Tokens tokens) {
        int[] ids = new int[(int) tokens.size()];
        tokens.read(0, ids);
        return ids;
    }
}
