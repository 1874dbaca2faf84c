package org.djlgpt.cli;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.cli.console.Terminal;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the locale claims ASCII, as on many servers and in containers, text is UTF-8 all the same.
 */
class AsciiLocaleTest {

    private static final Tokenizer TOKENIZER = CharTokenizer.fromText("ñandú ");

    @TempDir private Path folder;

    @Test
    void argumentsAreReadFromTheirBytes() {
        assertArrayEquals(
                new String[] {"--prompt", "ñandú", "", "?", "日本 😀"},
                Terminal.written(
                        bytes("java\0-cp\0é\0Gpt\0--prompt\0ñandú\0\0?\0日本 😀\0"),
                        "--prompt",
                        "\uFFFD\uFFFDand\uFFFD\uFFFD",
                        "",
                        "?",
                        "\uFFFD".repeat(6) + " " + "\uFFFD".repeat(4)));
    }

    @Test
    void argumentsThatAreLostAreRefused() {
        String lost = "\uFFFD\uFFFDandu";

        assertRefused(
                IllegalArgumentException.class,
                () -> Terminal.written(bytes("java\0-Dexec.args=--prompt ñandu\0"), lost),
                "the locale has ASCII only",
                "set LC_ALL=C.UTF-8");
        assertRefused(
                IllegalArgumentException.class,
                () -> Terminal.written(new byte[0], lost),
                "set LC_ALL=C.UTF-8");
        assertRefused(
                IllegalArgumentException.class,
                () -> Terminal.written(new byte[] {'a', (byte) 0xF1, 0}, "a\uFFFD"),
                "argument 'a?' is not UTF-8");
        assertArrayEquals(new String[] {"plain", "?"}, Terminal.written(new byte[0], "plain", "?"));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void promptInputAndOutputAreUtf8() throws Exception {
        save();

        assertTrue(gpt("--prompt ñandú --stop ú", "", 0).startsWith("ñandú"));
        assertTrue(gpt("--prompt-file -", "ñandú", 0).startsWith("ñandú"));
        assertTrue(gpt("--interactive", "ññ", 0).contains("\n> "));
        assertTrue(gpt("--interactive", "日本", 0).contains("the character '日' (U+65E5)"));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFileThatTheLocaleCanNotNameIsRefused() throws Exception {
        assertTrue(
                gpt("--prompt a --model ñ", "", 2)
                        .contains("'ñ' can't be a file's name in the encoding"));
    }

    private void save() throws IOException {
        try (NDManager manager = ComputeDevice.newManager()) {
            ModelDirectory.save(
                    TinyGpt.scrambled(TinyGpt.size(TOKENIZER.vocabSize(), 16).build(), 4, manager),
                    TOKENIZER,
                    folder);
        }
    }

    /**
     * Lets a shell run the command, since Java would write its words in this process's encoding.
     */
    private String gpt(String options, String input, int exitCode) throws Exception {
        String line =
                ("LC_ALL=C exec '%s' --enable-native-access=ALL-UNNAMED -XX:TieredStopAtLevel=1"
                                + " -cp '%s' %s generate --model '%s' %s")
                        .formatted(
                                Path.of(System.getProperty("java.home"), "bin", "java"),
                                System.getProperty("java.class.path"),
                                Gpt.class.getName(),
                                folder,
                                "--max-new-tokens 3 " + options);
        Path script = Files.writeString(folder.resolve("script"), line);
        Path stdin = Files.writeString(folder.resolve("stdin"), input);
        Path output = folder.resolve("output");
        Process process =
                new ProcessBuilder("sh", script.toString())
                        .redirectInput(stdin.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        assertEquals(exitCode, process.waitFor(), Files.readString(output));
        return Files.readString(output);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
