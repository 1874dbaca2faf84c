package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code gpt generate} ends a text where the model's folder says so. */
class GenerateStopTest {

    private static final Tokenizer TOKENIZER = CharTokenizer.fromText("abcdefgh");

    @TempDir private Path folder;

    @BeforeEach
    void save() throws IOException {
        try (NDManager manager = ComputeDevice.newManager()) {
            ModelDirectory.save(
                    TinyGpt.scrambled(TinyGpt.size(TOKENIZER.vocabSize(), 16).build(), 4, manager),
                    TOKENIZER,
                    folder);
        }
    }

    @Test
    void aTextEndsBeforeAnEndThatTheFolderNames() throws IOException {
        String whole = generate().out().strip();
        String end = whole.substring(4, 5);
        end("[%d, 50256]".formatted(TOKENIZER.encode(end)[0]));

        assertEquals(21, whole.length());
        assertEquals(whole.substring(0, whole.indexOf(end, 1)), generate().out().strip());
    }

    @Test
    void withoutOneItIsAsLongAsWasAskedFor() throws IOException {
        String whole = generate().out();
        end("null");

        assertEquals(whole, generate().out());
    }

    @Test
    void anEndThatIsNoTokenIsNamed() throws IOException {
        end("\"b\"");

        Command command = generate();

        assertEquals(2, command.exitCode());
        assertEquals("", command.out());
        assertTrue(
                command.err().contains("generation_config.json: $.eos_token_id is \"b\""),
                command::err);
    }

    private Command generate() {
        return Command.gpt(
                "generate",
                "--model",
                folder,
                "--prompt",
                "a",
                "--seed",
                3,
                "--max-new-tokens",
                20);
    }

    private void end(String ids) throws IOException {
        Path file = folder.resolve("generation_config.json");
        Files.writeString(file, "{\"eos_token_id\": " + ids + "}");
    }
}
