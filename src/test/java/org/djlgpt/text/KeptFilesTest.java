package org.djlgpt.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A chat template goes where the tokenizer of its folder goes. */
class KeptFilesTest {

    private static final String TEMPLATE = "{{ messages }}\r\n";
    private static final String CONFIG =
            "{\"tokenizer_class\": \"GPT2Tokenizer\", \"chat_template\": \"{{ bos_token }}\","
                    + " \"bos_token\": \"<|endoftext|>\"}";

    @TempDir private Path folder;

    private Path saved(Tokenizer tokenizer, String... files) throws IOException {
        Path from = folder.resolve("from");
        tokenizer.save(from);
        for (String file : files) {
            Files.writeString(from.resolve(file), file.endsWith("json") ? CONFIG : TEMPLATE);
        }
        Path to = folder.resolve("to");
        Tokenizer.load(from).save(to);
        for (String file : files) {
            assertArrayEquals(
                    Files.readAllBytes(from.resolve(file)), Files.readAllBytes(to.resolve(file)));
        }
        return to;
    }

    @Test
    void ofGpt2sTokenizer() throws IOException {
        Path to = saved(new Gpt2Tokenizer(), "chat_template.jinja", "tokenizer_config.json");

        assertEquals(50256, Tokenizer.load(to).endOfText().orElseThrow());
    }

    @Test
    void ofCharacters() throws IOException {
        Path to = saved(CharTokenizer.fromText("abc"), "chat_template.jinja");

        assertEquals(3, Tokenizer.load(to).vocabSize());
    }

    @Test
    void whereThereIsNoneNoneIsWritten() throws IOException {
        Path to = saved(new Gpt2Tokenizer());

        assertFalse(Files.exists(to.resolve("chat_template.jinja")));
        assertFalse(
                Files.readString(to.resolve("tokenizer_config.json")).contains("chat_template"));
    }
}
