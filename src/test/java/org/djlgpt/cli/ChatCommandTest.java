package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.PretrainedTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** {@code gpt generate} talks with a model whose folder has a chat template. */
class ChatCommandTest {

    private static final Path TOKENIZER = Path.of("src/test/resources/org/djlgpt/text/byte-level");

    @TempDir private Path folder;

    @BeforeEach
    void save() throws IOException {
        try (NDManager manager = ComputeDevice.newManager()) {
            PretrainedTokenizer tokenizer = PretrainedTokenizer.load(TOKENIZER);
            ModelDirectory.save(
                    TinyGpt.scrambled(TinyGpt.size(tokenizer.vocabSize(), 300).build(), 4, manager),
                    tokenizer,
                    folder);
        }
        template(
                "{% for m in messages %}<|im_start|>{{ m.role + ': ' + m.content }}<|im_end|>"
                        + "{% endfor %}<|im_start|>assistant: ");
    }

    private void template(String text) throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"), text);
    }

    private Command generate(Object... options) {
        Object[] arguments = {
            "generate", "--model", folder, "--temperature", 0, "--max-new-tokens", 8
        };
        return Command.gpt(Stream.concat(Stream.of(arguments), Stream.of(options)).toArray());
    }

    private Command converse(String person, Object... options) {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(person.getBytes(StandardCharsets.UTF_8)));
        try {
            return generate(
                    Stream.concat(Stream.of("--interactive"), Stream.of(options)).toArray());
        } finally {
            System.setIn(before);
        }
    }

    /** What the model writes behind a text. */
    private String continued(String text) {
        Command plain = generate("--prompt", text);
        assertEquals(0, plain.exitCode(), plain::err);
        return plain.out().substring(text.length());
    }

    @Test
    void aPromptIsContinuedAsItIsUnlessAChatIsAskedFor() {
        Command plain = generate("--prompt", "Hello");
        Command chat = generate("--prompt", "Hello", "--chat");

        assertTrue(plain.out().startsWith("Hello"), plain::out);
        assertEquals(0, chat.exitCode(), chat::err);
        assertFalse(chat.out().contains("Hello"), chat::out);
        assertTrue(chat.err().contains("prompt: "), chat::err);
    }

    @Test
    void aConversationGoesThroughTheTemplateOfTheFolder() throws IOException {
        template("{{ messages | map(attribute='content') | join(' - ') }}");

        Command chat = converse("one\n\n/reset\none\n/quit\n");
        String answer = continued("one");

        assertEquals(0, chat.exitCode(), chat::err);
        assertEquals(
                "Write a line, and the model answers. /reset forgets it all, /quit ends.\n> "
                        + (answer + "> > > " + answer + "> "),
                chat.out().replace("\r\n", "\n"));
    }

    @Test
    void aSystemMessageComesFirst() throws IOException {
        template("{{ messages[0].role }}={{ messages[0].content }}");

        assertEquals(
                continued("system=Be brief."),
                generate("--prompt", "Hello", "--system", "Be brief.").out());
        assertEquals(continued("user=Hello"), generate("--prompt", "Hello", "--chat").out());
    }

    @Test
    void anotherTemplateHasANameOrIsAFile() throws IOException {
        Path file =
                Files.writeString(
                        folder.resolve("mine"), "{{ messages[0].content }}{{ eos_token }}!");
        Files.writeString(
                folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"<|im_end|>\"}");

        Command mine = generate("--prompt", "Hello", "--chat-template", file);
        Command named = generate("--prompt", "Hello", "--chat-template", "alpaca");

        assertEquals(0, mine.exitCode(), mine::err);
        assertEquals(0, named.exitCode(), named::err);
        assertFalse(mine.out().equals(named.out()));
        assertTrue(
                converse("Hello\n", "--chat-template", "none").out().contains("the model goes on"));
    }

    @Test
    void aMessageThatIsRefusedDoesNotEndTheConversation() throws IOException {
        template(
                "{{ messages[0].content if messages|length == 1 else raise_exception('One only')"
                        + " }}");

        Command chat = converse("one\ntwo\n/reset\none\n");

        assertEquals(0, chat.exitCode(), chat::err);
        assertTrue(chat.out().contains("chat_template.jinja, line 1: One only\n> "), chat::out);
        assertEquals(3, chat.out().split(continued("one"), -1).length, chat::out);
    }

    @Test
    void whoTalksTooLongHearsWhatIsForgotten() {
        Command chat = converse("1 2 3 4 5 6 7 8 9 0\n".repeat(20));

        assertEquals(0, chat.exitCode(), chat::err);
        assertTrue(
                chat.out()
                        .matches(
                                "(?s).*\\(the context is full; the oldest \\d+ turns are"
                                        + " forgotten\\).*"),
                chat::out);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--prompt a --chat-template vicuna | --chat-template vicuna is neither a file nor"
                        + " one of alpaca, chatml, llama3",
                "--prompt a --chat --chat-template none | --chat-template none does not fit --chat",
                "--prompt a --system S --chat-template none | --chat-template none does not fit"
                        + " --system",
                "--prompt a --chat --samples 2 | --samples 2 does not fit a chat"
            })
    void whatDoesNotFitIsNamed(String options, String reason) {
        Command command = generate((Object[]) options.split(" "));

        assertEquals(2, command.exitCode());
        assertEquals("", command.out());
        assertTrue(command.err().contains(reason), command::err);
    }

    @Test
    void aFolderWithoutATemplateIsNamed() throws IOException {
        Files.delete(folder.resolve("chat_template.jinja"));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{}");

        Command command = generate("--prompt", "a", "--chat");

        assertEquals(2, command.exitCode());
        assertTrue(
                command.err()
                        .contains(
                                folder
                                        + " has no chat template; give one with --chat-template,"
                                        + " such as one of alpaca, chatml, llama3"),
                command::err);
        assertTrue(converse("a\n").out().contains("the model goes on"));
    }

    /** An example that is asked and answered through a chat template. */
    private Path examples() throws IOException {
        String line =
                "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"},"
                        + " {\"role\": \"assistant\", \"content\": \"b\"}]}\n";
        return Files.writeString(folder.resolve("chats.jsonl"), line.repeat(10));
    }

    private Command learn(Path base, Path out, Object... options) throws IOException {
        Object[] all = {
            "train", "--init-from", base, "--examples", examples(), "--out", out, "--steps", 1
        };
        return Command.gpt(Stream.concat(Stream.of(all), Stream.of(options)).toArray());
    }

    @Test
    void anAdapterIsTrainedOnThroughItsOwnTemplate() throws IOException {
        Files.delete(folder.resolve("chat_template.jinja"));
        Path adapter = folder.resolve("adapter");
        Path more = folder.resolve("more");
        Path merged = folder.resolve("merged");
        Command first = learn(folder, adapter, "--lora-rank", 2, "--chat-template", "chatml");
        assertEquals(0, first.exitCode(), first::err);

        Command second = learn(adapter, more);
        Command merge = Command.gpt("merge", "--model", more, "--out", merged);

        assertEquals(0, second.exitCode(), second::err);
        assertEquals(0, merge.exitCode(), merge::err);
        for (Path copy : List.of(more, merged)) {
            assertArrayEquals(
                    Files.readAllBytes(adapter.resolve("chat_template.jinja")),
                    Files.readAllBytes(copy.resolve("chat_template.jinja")));
        }
    }

    @Test
    void whatEndsATurnEndsATextOfTransformersToo() throws Exception {
        Path adapter = folder.resolve("adapter");
        Path merged = folder.resolve("merged");
        Path tuned = folder.resolve("tuned");
        Path base = folder.resolve("base");
        Command.gpt(
                "tokenizer",
                "add",
                "--model",
                folder,
                "--special-token",
                "<|eot_id|>",
                "--out",
                base);
        int endOfTurn = Tokenizer.load(base).encodeWithSpecialTokens("<|eot_id|>")[0];

        learn(base, adapter, "--lora-rank", 2, "--chat-template", "llama3");
        learn(base, tuned, "--chat-template", "llama3");
        Command.gpt("merge", "--model", adapter, "--out", merged);

        for (Path model : List.of(tuned, merged)) {
            assertTrue(
                    ModelDirectory.stopTokens(model).contains(endOfTurn),
                    () -> model + " goes on behind " + endOfTurn);
        }
    }

    @Test
    void controlTokensThatAreNoneAreNamedWithTheRemedy() throws IOException {
        Command known = learn(folder, folder.resolve("known"), "--chat-template", "chatml");
        Command unknown = learn(folder, folder.resolve("unknown"), "--chat-template", "llama3");
        Command talk = generate("--prompt", "a", "--chat-template", "llama3");

        assertFalse(known.err().contains("the chat template"), known::err);
        for (Command command : List.of(unknown, talk)) {
            assertEquals(0, command.exitCode(), command::err);
            assertTrue(
                    command.err().contains("<|eot_id|>, which the tokenizer splits"), command::err);
            assertTrue(command.err().contains("gpt tokenizer add"), command::err);
        }
    }

    @Test
    void aRunThroughATemplateInAFileGoesOnFromAnyFolder() throws IOException {
        Path file = Files.copy(folder.resolve("chat_template.jinja"), folder.resolve("mine.jinja"));
        Path here = Path.of("").toAbsolutePath().relativize(file.toAbsolutePath());
        Path run = folder.resolve("run");
        Command first = learn(folder, run, "--chat-template", here, "--decay-steps", 2);
        assertEquals(0, first.exitCode(), first::err);

        Command more = Command.gpt("train", "--resume", run, "--steps", 2, "--chat-template", file);

        assertEquals(0, more.exitCode(), more::err);
    }

    @Test
    void aModelThatIsTrainedOnKeepsItsTemplate() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "Hello. ".repeat(2000));
        Path run = folder.resolve("run");
        Object[] options = {
            "train", "--init-from", folder, "--data", text, "--out", run, "--steps", 1
        };
        String before = generate("--prompt", "Hello", "--chat").err();

        Command trained = Command.gpt(options);

        assertEquals(0, trained.exitCode(), trained::err);
        for (String part : List.of("chat_template.jinja", "tokenizer_config.json")) {
            assertArrayEquals(
                    Files.readAllBytes(folder.resolve(part)),
                    Files.readAllBytes(run.resolve(part)));
        }
        Command chat = Command.gpt("generate", "--model", run, "--prompt", "Hello", "--chat");
        assertEquals(0, chat.exitCode(), chat::err);
        assertEquals(before.split(" tokens")[0], chat.err().split(" tokens")[0]);
    }

    @Test
    void aHostileTemplateIsOneMessage() throws IOException {
        template("\n{% include '/etc/passwd' %}");

        Command command = generate("--prompt", "a", "--chat");

        assertEquals(2, command.exitCode());
        assertEquals("", command.out());
        assertTrue(
                command.err()
                        .contains(
                                "line 2: include would read another template, which none"
                                        + " may; choose another template with --chat-template"),
                command::err);
    }
}
