package org.djlgpt.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Where the chat template of a model's folder is, and what it may name. */
class ChatTemplateTest {

    private static final List<Message> GREETING = List.of(Message.user("Hi"));

    @TempDir private Path folder;

    @Test
    void aFolderMayHaveNone() throws IOException {
        assertEquals(Optional.empty(), ChatTemplate.find(folder));
        write("tokenizer_config.json", "{\"eos_token\": \"</s>\", \"chat_template\": null}");
        assertEquals(Optional.empty(), ChatTemplate.find(folder));
    }

    @Test
    void theFieldOfTheTokenizerIsOneTemplateOrSeveralWithNames() throws IOException {
        write("tokenizer_config.json", "{\"chat_template\": \"{{ messages[0].content }}!\"}");
        assertEquals("Hi!", render());
        write(
                "tokenizer_config.json",
                "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"t\"},"
                        + " {\"name\": \"default\", \"template\": \"d\"}]}");
        assertEquals("d", render());
        write(
                "tokenizer_config.json",
                "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"t\"}]}");
        assertRefused("$.chat_template has the templates [rag], but none of the name \"default\"");
        write("tokenizer_config.json", "{\"chat_template\": 5}");
        assertRefused("$.chat_template is a number where a string is due");
    }

    @Test
    void theFileWins() throws IOException {
        write("tokenizer_config.json", "{\"chat_template\": \"field\"}");
        write("chat_template.jinja", "file\n");
        assertEquals("file", render());
    }

    @Test
    void aTemplateNamesTheSpecialTokensOfTheFolder() throws IOException {
        write("special_tokens_map.json", "{\"pad_token\": \"<p>\", \"bos_token\": \"<old>\"}");
        write(
                "tokenizer_config.json",
                "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\"}, \"unk_token\":"
                        + " null}");
        write(
                "chat_template.jinja",
                "{{ bos_token + eos_token + pad_token }}{{ unk_token }}{{ tools is none }}"
                        + "{{ documents is none }}{{ add_generation_prompt }}");
        assertEquals("<s></s><p>TrueTrueTrue", render());
        Path other = Files.writeString(folder.resolve("other"), "{{ eos_token }}");
        assertEquals("</s>", ChatTemplate.read(other, folder).render(GREETING, false));
    }

    @Test
    void whatAPersonWritesIsNoTemplate() throws IOException {
        write("chat_template.jinja", "{{ messages[0].content }}");
        String text = "{{ 7 * 7 }}{% raise %}{# x #}";
        assertEquals(text, render(List.of(Message.user(text))));
    }

    @Test
    void aTemplateThatRefusesIsNamed() throws IOException {
        write("chat_template.jinja", "\n{{ raise_exception('Only user messages') }}");
        assertRefused("chat_template.jinja, line 2: Only user messages");
        write("chat_template.jinja", "{% include 'x' %}");
        assertRefused("chat_template.jinja, line 1: include would read another template");
        write("chat_template.jinja", "x");
        String none = message(() -> render(List.of()));
        assertEquals("the conversation has 0 messages; a chat template needs at least 1", none);
        Files.write(folder.resolve("chat_template.jinja"), new byte[] {(byte) 0xff});
        assertRefused("chat_template.jinja");
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(folder.resolve(file), text);
    }

    private String render() throws IOException {
        return render(GREETING);
    }

    private String render(List<Message> messages) throws IOException {
        return ChatTemplate.find(folder).orElseThrow().render(messages, true);
    }

    private void assertRefused(String reason) {
        String message = message(this::render);
        assertEquals(true, message.contains(reason), message);
    }

    private static String message(Executable action) {
        return assertThrows(IllegalArgumentException.class, action).getMessage();
    }
}
