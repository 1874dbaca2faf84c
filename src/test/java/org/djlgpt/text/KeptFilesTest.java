package org.djlgpt.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.djlgpt.tuning.ChatTemplate;
import org.djlgpt.tuning.Message;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A chat template goes where the tokenizer of its folder goes. */
class KeptFilesTest {

    private static final String TEMPLATE = "{{ messages }}\r\n";
    private static final String CONFIG =
            "{\"tokenizer_class\": \"GPT2Tokenizer\", \"chat_template\": \"{{ bos_token +"
                    + " messages[0].content }}\", \"bos_token\": \"<|endoftext|>\"}";

    @TempDir private Path folder;

    private Path saved(Tokenizer tokenizer, String... files) throws IOException {
        Path from = folder.resolve("from");
        tokenizer.save(from);
        for (String file : files) {
            Files.writeString(from.resolve(file), file.endsWith("json") ? CONFIG : TEMPLATE);
        }
        Path to = folder.resolve("to");
        Tokenizer.load(from).save(to);
        return to;
    }

    @Test
    void ofGpt2sTokenizer() throws IOException {
        Path to = saved(new Gpt2Tokenizer(), "chat_template.jinja", "tokenizer_config.json");

        assertEquals(TEMPLATE, Files.readString(to.resolve("chat_template.jinja")));
        assertEquals(50256, Tokenizer.load(to).endOfText().orElseThrow());
    }

    @Test
    void ofGpt2sTokenizerWithTheTokensThatItNames() throws IOException {
        Path to = saved(new Gpt2Tokenizer(), "tokenizer_config.json");

        ChatTemplate template = ChatTemplate.find(to).orElseThrow();
        assertEquals("<|endoftext|>Hi", template.render(List.of(Message.user("Hi")), true));
        assertEquals(50257, Tokenizer.load(to).vocabSize());
    }

    @Test
    void ofCharacters() throws IOException {
        Path to = saved(CharTokenizer.fromText("abc"), "chat_template.jinja");

        assertEquals(TEMPLATE, Files.readString(to.resolve("chat_template.jinja")));
        assertEquals(3, Tokenizer.load(to).vocabSize());
    }

    @Test
    void whereThereIsNoneNoneIsWritten() throws IOException {
        Path to = saved(new Gpt2Tokenizer());

        assertEquals(Optional.empty(), ChatTemplate.find(to));
    }
}
