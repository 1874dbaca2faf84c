package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a person gives as text reaches the model letter by letter. */
class TextIsTextTest {

    private static final Tokenizer TOKENIZER =
            CharTokenizer.fromText(
                    "@{}$'\"%\\/:-_=.,? \r\né0123456789abcdefghijklmnopqrstuvwxyz"
                            + "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    @TempDir private static Path folder;

    @BeforeAll
    static void save() throws IOException {
        try (NDManager manager = ComputeDevice.newManager()) {
            ModelDirectory.save(
                    TinyGpt.scrambled(TinyGpt.size(TOKENIZER.vocabSize(), 16).build(), 4, manager),
                    TOKENIZER,
                    folder.resolve("model"));
        }
        Files.writeString(folder.resolve("there.txt"), "other words");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "@override",
                "@@override",
                "@",
                "${user.home}",
                "${sys:user.home}",
                "$$",
                "%s%n",
                "\"quoted\"",
                "'quoted'",
                "a\\nb",
                " a ",
                "a=b",
                "=",
                "-5",
                "-h",
                "-hello",
                "--help",
                "--prompt",
                "--model",
                "--seed=3",
                "--unknown",
                "--",
                "-",
                "help",
                "train",
                "a,b",
                "line\nline\r\n"
            })
    void aPromptIsText(String prompt) {
        assertStartsWith(prompt, generate("--prompt", prompt));
        assertStartsWith(prompt, generate("--prompt=" + prompt));
    }

    @Test
    void theNameOfAFileIsText() {
        String prompt = "@" + folder.resolve("there.txt");

        assertStartsWith(prompt, generate("--prompt", prompt));
    }

    @Test
    void whatEndsATextIsText() {
        String whole = generate("--prompt", "a").out();
        String first = whole.substring(1, 2);

        assertEquals(whole, generate("--prompt", "a", "--stop", "@" + first + "@").out());
        assertEquals("a\n", generate("--prompt", "a", "--stop", first).out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"two words", "a line\n", "two\r\nlines\r\n", "é", "@a -h"})
    void aFileIsTheTextThatItHolds(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("prompt.txt"), text);
        Path marked = Files.writeString(folder.resolve("marked.txt"), "\uFEFF" + text);

        String expected = generate("--prompt", text).out();

        assertStartsWith(text, generate("--prompt", text));
        assertEquals(expected, generate("--prompt-file", file).out());
        assertEquals(expected, generate("--prompt-file", marked).out());
        assertEquals(expected, reading(text, "--prompt-file", "-").out());
    }

    @Test
    void thePictureIsOfTheTextOfAFile() throws IOException {
        Path file = Files.writeString(folder.resolve("text.txt"), "@ab");
        Path page = folder.resolve("page.html");

        Command command =
                Command.gpt(
                        "attention",
                        "--model",
                        folder.resolve("model"),
                        "--text-file",
                        file,
                        "--out",
                        page);

        assertEquals(0, command.exitCode(), command::err);
        assertTrue(Files.readString(page).contains("\"tokens\":[\"@\",\"a\",\"b\"]"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--prompt a --prompt-file - | --prompt and --prompt-file are both given; leave one",
                "--prompt-file nowhere      | nowhere does not exist",
                "--prompt-file .            | is not a file",
                "--prompt-file -            | standard input is not UTF-8 at byte offset 1 (0xFF)",
                "--prompt-file --seed       | '--seed' looks like an option; write ./--seed if it",
                "--prompt-file=             | it is empty; name a file or folder",
                "--interactive --prompt-file - | --prompt-file - does not fit --interactive",
                "--max-new-tokens 3         | --prompt is missing; give the text to continue"
            })
    void aTextThatIsNoneIsRefused(String options, String message) {
        Command command = reading(new byte[] {'a', (byte) 0xFF}, (Object[]) options.split(" "));

        assertEquals(2, command.exitCode());
        assertEquals("", command.out());
        assertTrue(command.err().contains(message), command::err);
    }

    private static void assertStartsWith(String prompt, Command command) {
        assertEquals(0, command.exitCode(), command::err);
        assertEquals(prompt, command.out().substring(0, prompt.length()));
        assertEquals(prompt.length() + 3, command.out().stripTrailing().length(), command::out);
    }

    private static Command generate(Object... options) {
        return reading("", options);
    }

    private static Command reading(String text, Object... options) {
        return reading(text.getBytes(StandardCharsets.UTF_8), options);
    }

    private static Command reading(byte[] input, Object... options) {
        List<Object> arguments =
                new ArrayList<>(List.of("generate", "--model", folder.resolve("model")));
        arguments.addAll(List.of("--max-new-tokens", 3, "--temperature", 0));
        arguments.addAll(List.of(options));
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(input));
        try {
            return Command.gpt(arguments.toArray());
        } finally {
            System.setIn(before);
        }
    }
}
