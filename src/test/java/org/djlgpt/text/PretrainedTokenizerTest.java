package org.djlgpt.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.testing.Damage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Two small {@code tokenizer.json} files, beside transformers. */
class PretrainedTokenizerTest {

    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource({"byte-level, byteLevel", "sentencepiece, sentencepiece"})
    void oddStringsHaveTheIdsOfTransformers(String name, String key) throws Exception {
        copy(name);

        Tokenizer tokenizer = Tokenizer.load(folder);

        assertInstanceOf(PretrainedTokenizer.class, tokenizer);
        JsonObject reference = reference();
        JsonObject about = reference.getAsJsonObject(key);
        assertEquals(about.get("vocabSize").getAsInt(), tokenizer.vocabSize());
        assertEquals(OptionalInt.of(about.get("endOfText").getAsInt()), tokenizer.endOfText());
        for (JsonElement element : reference.getAsJsonArray("cases")) {
            String text = element.getAsJsonObject().get("text").getAsString();
            JsonObject expected = element.getAsJsonObject().getAsJsonObject(key);
            int[] plain = ints(expected.getAsJsonArray("plain"));
            assertArrayEquals(plain, tokenizer.encode(text), text);
            assertEquals(text, tokenizer.decode(plain));
            if (expected.has("special")) {
                assertSpecial(expected, text, tokenizer);
            } else {
                assertArrayEquals(plain, tokenizer.encodeWithSpecialTokens(text), text);
            }
        }
    }

    @Test
    void normalizedTextIsWhatIsRestored() throws Exception {
        copy("byte-level");
        edit("\"normalizer\":null", "\"normalizer\":{\"type\":\"NFC\"}");

        Tokenizer tokenizer = Tokenizer.load(folder);

        int cases = 0;
        for (JsonElement element : reference().getAsJsonArray("cases")) {
            JsonObject expected = element.getAsJsonObject();
            if (expected.has("normalized")) {
                String text = expected.get("text").getAsString();
                assertSpecial(expected.getAsJsonObject("normalized"), text, tokenizer);
                cases++;
            }
        }
        assertTrue(cases > 10, cases + " cases");
    }

    private static void assertSpecial(JsonObject expected, String text, Tokenizer tokenizer) {
        int[] ids = ints(expected.getAsJsonArray("special"));
        assertArrayEquals(ids, tokenizer.encodeWithSpecialTokens(text), text);
        assertEquals(expected.get("decoded").getAsString(), tokenizer.decode(ids));
    }

    @ParameterizedTest
    @ValueSource(strings = {"byte-level", "sentencepiece"})
    void aGrowingTextIsTheBytesOfItsTokens(String name) throws Exception {
        copy(name);
        Tokenizer tokenizer = Tokenizer.load(folder);
        int[] ids = tokenizer.encode("latin letter 你好 \uD83D\uDE00\n");

        ByteArrayOutputStream grown = new ByteArrayOutputStream();
        for (int id : ids) {
            grown.writeBytes(tokenizer.decodeBytes(id));
        }

        assertArrayEquals(grown.toByteArray(), tokenizer.decodeBytes(ids));
        // A space is put before a text; what comes after another token keeps its own.
        String before = name.equals("sentencepiece") ? " " : "";
        assertEquals(
                before + "latin letter 你好 \uD83D\uDE00\n", grown.toString(StandardCharsets.UTF_8));
    }

    @Test
    void whatCannotBeRestoredIsRefused() throws Exception {
        copy("sentencepiece");
        Tokenizer tokenizer = Tokenizer.load(folder);

        assertRefused("'\u2581' (U+2581)", () -> tokenizer.encode("ab \u2581\u2582"));
        assertRefused("'\u2581' (U+2581)", () -> tokenizer.encodeWithSpecialTokens("<s>\u2581"));
        assertRefused("unpaired surrogate U+D83D at index 1", () -> tokenizer.encode("a\uD83D"));
        assertRefused("id=560 is outside", () -> tokenizer.decode(560));

        edit("\"byte_fallback\":true", "\"byte_fallback\":false");
        Tokenizer withoutBytes = Tokenizer.load(folder);
        assertRefused("'你' (U+4F60)", () -> withoutBytes.encode("latin 你好"));
        assertRefused("'你' (U+4F60)", () -> withoutBytes.encodeWithSpecialTokens("<s>latin 你"));
    }

    @Test
    void wordsAndWhiteSpaceThatNeverEndAreRefused() throws Exception {
        copy("byte-level");
        Tokenizer tokenizer = Tokenizer.load(folder);

        int tooMany = 12_000_000; // the library's own limit is ten million
        String spaces = " ".repeat(tooMany);
        assertRefused("from index 1 on", () -> tokenizer.encode("x" + spaces));
        assertRefused("from index 0 on", () -> tokenizer.encodeWithSpecialTokens(spaces + "x"));
        assertRefused("from index 2 on", () -> tokenizer.encode("x " + "y".repeat(tooMany)));
    }

    @Test
    void theFilesAreSavedAsTheyAre() throws Exception {
        copy("byte-level");
        Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages }}\r\n");
        Files.writeString(folder.resolve("config.json"), "{}");
        Tokenizer tokenizer = Tokenizer.load(folder);
        Path saved = folder.resolve("saved");

        tokenizer.save(saved);

        try (Stream<Path> files = Files.list(saved)) {
            List<String> names = files.map(file -> file.getFileName().toString()).sorted().toList();
            assertEquals(
                    List.of("chat_template.jinja", "tokenizer.json", "tokenizer_config.json"),
                    names);
            for (String name : names) {
                assertEquals(-1, Files.mismatch(folder.resolve(name), saved.resolve(name)));
            }
        }
        assertArrayEquals(tokenizer.encode("It's"), Tokenizer.load(saved).encode("It's"));
    }

    @Test
    void otherFilesAddTokensAndNameTheEnd() throws Exception {
        copy("byte-level");
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<more>\":504,\"<pad>\":506}");
        Files.writeString(
                folder.resolve("special_tokens_map.json"),
                "{\"eos_token\":\"<|endoftext|>\",\"pad_token\":{\"content\":\"<pad>\"}}");

        Tokenizer tokenizer = Tokenizer.load(folder);

        assertEquals(507, tokenizer.vocabSize());
        assertEquals(OptionalInt.of(500), tokenizer.endOfText());
        assertArrayEquals(
                new int[] {504, 506, 501},
                tokenizer.encodeWithSpecialTokens("<more><pad><|im_start|>"));
        assertArrayEquals(new int[] {504, 27}, Arrays.copyOf(tokenizer.encode("<more><pad>"), 2));
        assertEquals("<more><pad>", tokenizer.decode(tokenizer.encode("<more><pad>")));
        assertEquals("<more>", tokenizer.decode(504, 505)); // an id without a token
    }

    @Test
    void aTextThatIsASpecialTokenIsLetters() throws Exception {
        copy("byte-level");
        Tokenizer tokenizer = Tokenizer.load(folder);

        assertArrayEquals(new int[] {501}, tokenizer.encodeWithSpecialTokens("<|im_start|>"));
        assertTrue(Arrays.stream(tokenizer.encode("<|im_start|>")).allMatch(id -> id < 500));
        assertArrayEquals(new int[] {502}, tokenizer.encode("<tool>"));
    }

    @Test
    void gpt2sFilesAreEnoughForItself() throws Exception {
        Path gpt2 = Path.of(getClass().getResource("small-gpt2").toURI());
        for (String file : List.of("vocab.json", "merges.txt", "added_tokens.json")) {
            Files.copy(gpt2.resolve(file), folder.resolve(file));
        }
        copy("byte-level");
        String json = Files.readString(folder.resolve("tokenizer.json"));
        String ofGpt2 =
                json.replaceAll("\"added_tokens\":.*\"normalizer\":null", "\"normalizer\":null")
                        .replaceAll(
                                "\"pre_tokenizer\":.*\"post_processor\"",
                                "\"pre_tokenizer\":{\"type\":\"ByteLevel\","
                                        + "\"add_prefix_space\":false,\"trim_offsets\":true,"
                                        + "\"use_regex\":true},\"post_processor\"");

        assertInstanceOf(PretrainedTokenizer.class, loadWith(json, "GPT2Tokenizer"));
        assertInstanceOf(PretrainedTokenizer.class, loadWith(ofGpt2, "Qwen2Tokenizer"));
        assertInstanceOf(Gpt2Tokenizer.class, loadWith(ofGpt2, "GPT2Tokenizer"));
        Files.delete(folder.resolve("tokenizer_config.json"));
        assertInstanceOf(Gpt2Tokenizer.class, Tokenizer.load(folder));

        Files.writeString(folder.resolve("char_tokenizer.json"), "{}");
        assertRefused("holds two tokenizers", () -> Tokenizer.load(folder));
    }

    private Tokenizer loadWith(String json, String tokenizerClass) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), json);
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"tokenizer_class\":\"" + tokenizerClass + "\"}");
        return Tokenizer.load(folder);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'type':'BPE' | 'type':'Unigram' | only BPE is supported",
                "'continuing_subword_prefix':null | 'continuing_subword_prefix':'##' | without it",
                "'end_of_word_suffix':null | 'end_of_word_suffix':'</w>' | without it",
                "{'type':'ByteFallback'} | {'type':'CTC'} | $.decoder.decoders[1].type is",
                "'content':' ','start':1 | 'content':'x','start':1 | decoders[3].content is",
                "'id':2,'content':'</s>' | 'id':9,'content':'</s>' |"
                        + " must have the same in all files",
                "'id':2,'content':'</s>' | 'id':9,'content':'new' | id 9 is that of two tokens",
                "'<s>':1 | '<s>':99999999 | from 0 to 9999999",
                "'<0x00>':3 | '\\ud800':3 | unpaired surrogate",
                "'type':'Prepend' | 'type':'Lowercase' | normalizers[0].type is",
                "'prepend':'▁' | 'prepend':'' | $.normalizer.normalizers[0].prepend is empty",
                "'String':' ' | 'String':'' | $.normalizer.normalizers[1].pattern.String is empty",
                "'pre_tokenizer':null | 'pre_tokenizer':{'type':'Whitespace'} |"
                        + " $.pre_tokenizer.type",
                "'unk_token':'<unk>' | 'unk_token':5 | tokenizer.json: ",
                "'merges':[ | 'merges':[['nothing','x'], | tokenizer.json: "
            })
    void whatIsNotSupportedIsRefused(String old, String changed, String reason) throws Exception {
        copy("sentencepiece");
        edit(old.replace('\'', '"'), changed.replace('\'', '"'));

        String message = assertRefused(reason, () -> Tokenizer.load(folder));
        assertTrue(message.contains(folder.toString()), message);
    }

    @Test
    void filesWhoseWordsNobodyKnowsAreRefused() throws Exception {
        Files.writeString(folder.resolve("vocab.json"), "{\"a\":0}");
        Files.writeString(folder.resolve("merges.txt"), "");
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"tokenizer_class\":\"Qwen2Tokenizer\"}");

        assertRefused("without tokenizer.json only GPT2Tokenizer", () -> Tokenizer.load(folder));
    }

    @ParameterizedTest
    @ValueSource(strings = {"byte-level", "sentencepiece"})
    void aDamagedFileLoadsOrIsRefused(String name) throws Exception {
        copy(name);
        Path file = folder.resolve("tokenizer.json");
        byte[] whole = Files.readAllBytes(file);
        Random random = new Random(6);
        int refused = 0;
        for (int trial = 0; trial < 300; trial++) {
            Files.write(file, Damage.to(whole, random));
            try {
                Tokenizer tokenizer = Tokenizer.load(folder);
                tokenizer.encodeWithSpecialTokens("It's <s> 12 \u00e9\uD83D\uDE00");
            } catch (IllegalArgumentException e) {
                refused++;
                boolean explained =
                        e.getMessage().contains(folder.toString())
                                || e.getMessage().startsWith("text has the character");
                assertTrue(explained, e.getMessage());
            }
        }
        assertTrue(refused > 100 && refused < 300, refused + " of 300 were refused");
    }

    @Test
    void threadsShareATokenizer() throws Exception {
        copy("byte-level");
        Tokenizer tokenizer = Tokenizer.load(folder);
        String text = "latin letter 你好 <|im_start|>".repeat(50);
        int[] plain = tokenizer.encode(text);
        int[] special = Tokenizer.load(folder).encodeWithSpecialTokens(text);

        IntStream.range(0, 64)
                .parallel()
                .forEach(
                        i -> {
                            assertArrayEquals(plain, tokenizer.encode(text));
                            assertArrayEquals(special, tokenizer.encodeWithSpecialTokens(text));
                        });
    }

    @Test
    void aMissingLibraryIsNamed() throws Exception {
        copy("byte-level");
        URL[] others =
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> !entry.contains("tokenizers"))
                        .map(PretrainedTokenizerTest::url)
                        .toArray(URL[]::new);
        Thread thread = Thread.currentThread();
        ClassLoader usual = thread.getContextClassLoader();
        try (URLClassLoader loader =
                new URLClassLoader(others, ClassLoader.getPlatformClassLoader())) {
            thread.setContextClassLoader(loader);
            Method load = loader.loadClass(Tokenizer.class.getName()).getMethod("load", Path.class);
            for (int attempt = 0; attempt < 2; attempt++) {
                Throwable cause =
                        assertThrows(
                                        InvocationTargetException.class,
                                        () -> load.invoke(null, folder))
                                .getCause();
                assertInstanceOf(IllegalArgumentException.class, cause);
                assertTrue(
                        cause.getMessage().contains("ai.djl.huggingface:tokenizers:0."),
                        cause.getMessage());
            }
        } finally {
            thread.setContextClassLoader(usual);
        }
    }

    private static URL url(String entry) {
        try {
            return Path.of(entry).toUri().toURL();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void copy(String name) throws Exception {
        Path good = Path.of(getClass().getResource(name).toURI());
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(good.resolve(file), folder.resolve(file));
        }
    }

    private void edit(String old, String changed) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        String json = Files.readString(file);
        assertTrue(json.contains(old), old);
        Files.writeString(file, json.replace(old, changed));
    }

    private static String assertRefused(String reason, Refused action) {
        String message = assertThrows(IllegalArgumentException.class, action::run).getMessage();
        assertTrue(message.contains(reason), message);
        return message;
    }

    private interface Refused {

        void run() throws IOException;
    }

    private static JsonObject reference() throws Exception {
        Path file = Path.of(PretrainedTokenizerTest.class.getResource("pretrained.json").toURI());
        return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    }

    private static int[] ints(JsonArray array) {
        int[] ints = new int[array.size()];
        Arrays.setAll(ints, i -> array.get(i).getAsInt());
        return ints;
    }
}
