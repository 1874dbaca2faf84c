package org.djlgpt.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;

/** A vocabulary of 700 tokens and some that were added, beside transformers' GPT2Tokenizer. */
class SmallVocabularyTest {

    private static final String[] FILES = {
        "vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json"
    };

    @TempDir private Path folder;

    @BeforeEach
    void copyFolder() throws Exception {
        Path good = Path.of(getClass().getResource("small-gpt2").toURI());
        for (String file : FILES) {
            Files.copy(good.resolve(file), folder.resolve(file));
        }
    }

    @Test
    void oddStringsHaveTheIdsOfTransformers() throws Exception {
        assertSameAsTransformers(Tokenizer.load(folder));
    }

    @Test
    void aSavedTokenizerIsTheSame() throws Exception {
        Path saved = folder.resolve("saved");
        Tokenizer.load(folder).save(saved);

        assertSameAsTransformers(Tokenizer.load(saved));
        try (Stream<Path> files = Files.list(saved)) {
            assertTrue(files.allMatch(file -> Tokenizer.isPart(file.getFileName().toString())));
        }
    }

    private static void assertSameAsTransformers(Tokenizer tokenizer) throws Exception {
        JsonObject reference = reference();
        assertEquals(reference.get("vocabSize").getAsInt(), tokenizer.vocabSize());
        assertEquals(OptionalInt.of(reference.get("endOfText").getAsInt()), tokenizer.endOfText());
        for (JsonElement element : reference.getAsJsonArray("cases")) {
            JsonObject expected = element.getAsJsonObject();
            String text = expected.get("text").getAsString();
            int[] plain = ints(expected.getAsJsonArray("plain"));
            int[] special = ints(expected.getAsJsonArray("special"));
            assertArrayEquals(plain, tokenizer.encode(text), text);
            assertArrayEquals(special, tokenizer.encodeWithSpecialTokens(text), text);
            assertEquals(text, tokenizer.decode(plain));
            assertEquals(text, tokenizer.decode(special));
        }
    }

    @Test
    void aVocabularyNeedsNoMoreThanItsTwoFiles() throws IOException {
        Files.delete(folder.resolve("added_tokens.json"));
        Files.delete(folder.resolve("special_tokens_map.json"));

        Tokenizer tokenizer = Tokenizer.load(folder);

        assertEquals(700, tokenizer.vocabSize());
        int end = tokenizer.endOfText().getAsInt();
        assertArrayEquals(new int[] {end}, tokenizer.encodeWithSpecialTokens("<|endoftext|>"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'tokenizer_class':'Qwen2Tokenizer'} | only GPT2Tokenizer is supported",
                "{'add_prefix_space':true} | $.add_prefix_space is true",
                "{'add_bos_token':true} | $.add_bos_token is true",
                "{'pad_token':'<pad>'} | special token \"<pad>\", which has no id",
                "{'pad_token':{'content':'<s>','lstrip':true}} | $.pad_token.lstrip is true",
                "{'added_tokens_decoder':{'x':{'content':'<s>'}}} | is no token id",
                "{'added_tokens_decoder':{'5':{'content':'wordy'}}} | has id=5 here",
                "{'added_tokens_decoder':{'900':{'content':'more'}}} | each once",
            })
    void whatAnotherTokenizerDoesIsRefused(String config, String reason) throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), config.replace('\'', '"'));

        String message =
                assertThrows(IllegalArgumentException.class, () -> Tokenizer.load(folder))
                        .getMessage();
        assertTrue(message.startsWith(folder.toString()) && message.contains(reason), message);
    }

    @Test
    void aTokenizerConfigurationMayNameTheTokens() throws IOException {
        Files.delete(folder.resolve("added_tokens.json"));
        Files.delete(folder.resolve("special_tokens_map.json"));
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                """
                {"tokenizer_class": "GPT2TokenizerFast", "eos_token": {"content": "<|user|>"},
                 "added_tokens_decoder": {"700": {"content": "<|user|>", "special": true},
                                          "701": {"content": "wordy", "special": false}}}
                """);

        Tokenizer tokenizer = Tokenizer.load(folder);

        assertEquals(OptionalInt.of(700), tokenizer.endOfText());
        assertArrayEquals(new int[] {701, 700}, tokenizer.encodeWithSpecialTokens("wordy<|user|>"));
        assertEquals(701, tokenizer.encode("wordy<|user|>")[0]);
        assertTrue(Arrays.stream(tokenizer.encode("<|user|>")).allMatch(id -> id < 700));
    }

    @Test
    void aByteWithoutATokenIsNamed() throws IOException {
        Files.writeString(folder.resolve("vocab.json"), "{\"a\":0,\"b\":1,\"ab\":2}");
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\na b\n");
        Files.delete(folder.resolve("added_tokens.json"));
        Files.delete(folder.resolve("special_tokens_map.json"));

        Tokenizer tokenizer = Tokenizer.load(folder);

        assertArrayEquals(new int[] {2, 0}, tokenizer.encode("aba"));
        assertEquals(OptionalInt.empty(), tokenizer.endOfText());
        String message =
                assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("abc"))
                        .getMessage();
        assertTrue(message.contains("0x63"), message);
    }

    @Test
    void aDamagedFileLoadsOrIsRefused() throws IOException {
        Random random = new Random(6);
        int refused = 0;
        for (String name : FILES) {
            Path file = folder.resolve(name);
            byte[] whole = Files.readAllBytes(file);
            for (int trial = 0; trial < 150; trial++) {
                Files.write(file, RandomText.damage(whole, random));
                try {
                    Tokenizer.load(folder);
                } catch (IllegalArgumentException e) {
                    refused++;
                    assertTrue(e.getMessage().contains(folder.toString()), e.getMessage());
                }
            }
            Files.write(file, whole);
        }
        assertTrue(refused > 400, "only " + refused + " of 600 damaged files were refused");
    }

    private static JsonObject reference() throws Exception {
        Path file = Path.of(SmallVocabularyTest.class.getResource("small-gpt2.json").toURI());
        return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    }

    private static int[] ints(JsonArray array) {
        int[] ints = new int[array.size()];
        Arrays.setAll(ints, i -> array.get(i).getAsInt());
        return ints;
    }
}
