package org.djlgpt.text;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertIterableEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonParser;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;

/** Vocabularies beside those that Hugging Face's tokenizers learn, and a count by hand. */
class BytePairTrainerTest {

    private static final Learnt LEARNT = Learnt.read();

    @TempDir private Path folder;

    /** What Hugging Face has learnt from the same texts, and made of odd strings. */
    private record Learnt(
            List<String> special,
            Map<String, Integer> vocabulary,
            List<String> merges,
            List<String> pieces,
            int strings,
            int block,
            Ids ids) {

        record Ids(List<Sample> samples, List<String> plain, List<String> special) {}

        record Sample(String text, int[] plain, int[] special) {}

        static Learnt read() {
            try {
                return new Gson().fromJson(Files.readString(resource("learnt.json")), Learnt.class);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        /** Returns the strings that the script makes of pieces. */
        List<String> oddStrings() {
            long[] state = {1};
            Function<Integer, Integer> draw =
                    number -> {
                        state[0] = state[0] * 6364136223846793005L + 1442695040888963407L;
                        return (int) ((state[0] >>> 33) % number);
                    };
            List<String> odd = new ArrayList<>();
            while (odd.size() < strings) {
                StringBuilder text = new StringBuilder();
                for (int left = draw.apply(9); left > 0; left--) {
                    text.append(pieces.get(draw.apply(pieces.size())));
                }
                odd.add(text.toString());
            }
            return odd;
        }
    }

    private static Path resource(String name) {
        return Path.of(BytePairTrainerTest.class.getResource("learnt/" + name).getPath());
    }

    private static BytePairTrainer.Builder ofTheScript() throws IOException {
        return BytePairTrainer.builder()
                .setCorpus(Corpus.read(resource("corpus.jsonl")))
                .setVocabSize(600)
                .optSpecialTokens(LEARNT.special);
    }

    private static BytePairTrainer.Builder of(String text, int vocabSize) {
        return BytePairTrainer.builder()
                .setCorpus(new Corpus(List.of(text)))
                .setVocabSize(vocabSize);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void tokensAndMergesAreThoseOfHuggingFace(int numThreads) throws IOException {
        ofTheScript().optThreads(numThreads).build().train().save(folder);

        assertIterableEquals(LEARNT.merges, savedMerges());
        assertTrue(LEARNT.vocabulary.equals(savedVocabulary()), "the ids of tokens");
    }

    private Map<String, Integer> savedVocabulary() throws IOException {
        Map<String, Integer> ids = new HashMap<>();
        JsonParser.parseString(Files.readString(folder.resolve("vocab.json")))
                .getAsJsonObject()
                .asMap()
                .forEach((token, id) -> ids.put(token, id.getAsInt()));
        return ids;
    }

    private List<String> savedMerges() throws IOException {
        return Files.readString(folder.resolve("merges.txt")).lines().skip(1).toList();
    }

    @Test
    void twoThousandOddStringsHaveTheIdsOfTransformers() throws Exception {
        Gpt2Tokenizer trained = ofTheScript().build().train();
        trained.save(folder);
        Tokenizer loaded = Tokenizer.load(folder);

        assertInstanceOf(Gpt2Tokenizer.class, loaded, "it must not need another library");
        for (Tokenizer tokenizer : List.of(trained, loaded, PretrainedTokenizer.load(folder))) {
            assertEquals(600, tokenizer.vocabSize());
            assertEquals(OptionalInt.of(0), tokenizer.endOfText());
            assertEquals(Set.copyOf(LEARNT.special), tokenizer.specialTokens());
            for (Learnt.Sample sample : LEARNT.ids.samples) {
                int[] special = sample.special == null ? sample.plain : sample.special;
                assertArrayEquals(sample.plain, tokenizer.encode(sample.text), sample.text);
                assertArrayEquals(
                        special, tokenizer.encodeWithSpecialTokens(sample.text), sample.text);
            }
            assertEquals(LEARNT.ids.plain, digests(tokenizer::encode));
            assertEquals(LEARNT.ids.special, digests(tokenizer::encodeWithSpecialTokens));
        }
    }

    private static List<String> digests(Function<String, int[]> encoding) throws Exception {
        List<String> digests = new ArrayList<>();
        List<String> strings = LEARNT.oddStrings();
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (int i = 0; i < strings.size(); i++) {
            int[] ids = encoding.apply(strings.get(i));
            ByteBuffer bytes =
                    ByteBuffer.allocate(4 * ids.length + 4).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asIntBuffer().put(ids).put(-1);
            digest.update(bytes);
            if ((i + 1) % LEARNT.block == 0) {
                digests.add(HexFormat.of().formatHex(digest.digest()));
            }
        }
        return digests;
    }

    @Test
    void anyUnicodeTextIsRestored() throws IOException {
        Gpt2Tokenizer trained = ofTheScript().build().train();
        Random random = new Random(4);
        for (int trial = 0; trial < 500; trial++) {
            String text = RandomText.of(random, random.nextInt(60));
            assertEquals(text, trained.decode(trained.encode(text)));
            assertEquals(text, trained.decode(trained.encodeWithSpecialTokens(text)));
        }
    }

    /** Runs of few letters, where merges overlap, each time counted anew from the beginning. */
    @Test
    void mergesAreThoseOfACountByHand() throws IOException {
        Random random = new Random(5);
        for (int trial = 0; trial < 200; trial++) {
            String letters = List.of("a", "ab", "abc", "-= ", "ab \n").get(trial % 5);
            StringBuilder text = new StringBuilder("x");
            for (int i = 1 + random.nextInt(30); i > 0; i--) {
                String letter = letters.charAt(random.nextInt(letters.length())) + "";
                text.append(letter.repeat(1 + random.nextInt(1 + random.nextInt(20))));
            }
            int least = 1 + random.nextInt(3);
            int vocabSize = 258 + random.nextInt(40);
            of(text.toString(), vocabSize).optMinFrequency(least).build().train().save(folder);

            assertEquals(
                    countedByHand(text.toString(), vocabSize, least),
                    savedMerges(),
                    () -> least + " times in " + text);
        }
    }

    private static List<String> countedByHand(String text, int vocabSize, int least) {
        List<String> tokens = new ArrayList<>(ByteAlphabet.inOrder());
        List<List<String>> words = new ArrayList<>();
        int end;
        for (int start = 0; start < text.length(); start = end) {
            end = WordSplitter.end(text, start);
            byte[] word = text.substring(start, end).getBytes(StandardCharsets.UTF_8);
            words.add(new ArrayList<>(List.of(ByteAlphabet.spell(word).split(""))));
        }
        List<String> merges = new ArrayList<>();
        while (tokens.size() + 1 < vocabSize) {
            Map<List<String>, Integer> counts = new HashMap<>();
            for (List<String> word : words) {
                for (int i = 1; i < word.size(); i++) {
                    counts.merge(List.copyOf(word.subList(i - 1, i + 1)), 1, Integer::sum);
                }
            }
            int most = counts.values().stream().mapToInt(count -> count).max().orElse(0);
            if (most < least) {
                break;
            }
            List<String> pair =
                    counts.keySet().stream()
                            .filter(candidate -> counts.get(candidate) == most)
                            .min(
                                    Comparator.<List<String>>comparingInt(
                                                    tie -> tokens.indexOf(tie.get(0)))
                                            .thenComparingInt(tie -> tokens.indexOf(tie.get(1))))
                            .orElseThrow();
            tokens.add(pair.get(0) + pair.get(1));
            merges.add(pair.get(0) + " " + pair.get(1));
            for (List<String> word : words) {
                for (int i = 1; i < word.size(); i++) {
                    if (word.subList(i - 1, i + 1).equals(pair)) {
                        word.set(i - 1, word.get(i - 1) + word.remove(i));
                    }
                }
            }
        }
        return merges;
    }

    @Test
    void aSmallTextGivesFewerIdsThanAskedFor() throws IOException {
        Gpt2Tokenizer four = of("aaa bb", 1000).optMinFrequency(1).build().train();
        assertEquals(257 + 4, four.vocabSize(), "aa, aaa, bb and one with the space");

        Gpt2Tokenizer bytes = of("abcdef", 1000).build().train();
        bytes.save(folder);
        assertEquals(257, Tokenizer.load(folder).vocabSize());
        assertEquals(6, bytes.encode("abcdef").length);
    }

    @Test
    void listenersHearOfEachByteAndId() {
        String text = "one two three ".repeat(200_000);
        List<Long> bytes = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        of(text, 262)
                .optListener(
                        new BytePairTrainer.Listener() {
                            @Override
                            public void onText(long read) {
                                bytes.add(read);
                            }

                            @Override
                            public void onMerge(int vocabSize) {
                                sizes.add(vocabSize);
                            }
                        })
                .build()
                .train();

        assertEquals(text.length(), bytes.get(bytes.size() - 1));
        assertTrue(bytes.size() > 1, "a text of several parts");
        assertEquals(List.of(258, 259, 260, 261, 262), sizes);
    }

    @Test
    void whatIsNoVocabularyIsRefused() {
        assertRefused(() -> of("text", 257).build(), "vocabSize=257 must be 258 to 1000000");
        assertRefused(() -> of("text", 1_000_001).build(), "vocabSize=1000001");
        assertRefused(
                () -> of("text", 258).optSpecialTokens(List.of("<a>", "<b>")).build(),
                "vocabSize=258 must be 259",
                "2 special tokens");
        assertRefused(() -> of("text", 300).optMinFrequency(0).build(), "minFrequency=0");
        assertRefused(() -> of("text", 300).optSpecialTokens(List.of()).build(), "at least one");
        for (String token : List.of("", "a", "\u0120", "\ud800")) {
            assertRefused(() -> of("text", 300).optSpecialTokens(List.of(token)).build(), "");
        }
        assertRefused(
                () -> of("text", 300).optSpecialTokens(List.of("<a>", "<a>")).build(),
                "\"<a>\" is in the vocabulary already");
        assertRefused(() -> BytePairTrainer.builder().setVocabSize(300).build(), "setCorpus");
    }

    /** It would stand for two things. */
    @Test
    void aSpecialTokenThatIsLearntIsRefused() {
        assertRefused(
                () -> of("a user, a user", 300).optSpecialTokens(List.of("user")).build().train(),
                "\"user\" is a part of words",
                "<|user|>");
    }
}
