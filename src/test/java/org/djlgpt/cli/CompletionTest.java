package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the tabulator key offers in bash. */
class CompletionTest {

    /** Calls the function that the script registers, as readline does. */
    private static final String PRESS_TAB =
            """
            . ./completion
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
            compopt() { :; }
            function=$(complete -p gpt | sed 's/.* -F \\([^ ]*\\).*/\\1/')
            "$function"
            printf '%s ' "${COMPREPLY[@]}"
            """;

    @TempDir private Path folder;

    @Test
    void commandsOptionsAndValuesAreCompleted() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")));
        Command command = Command.gpt("generate-completion");
        Files.writeString(folder.resolve("completion"), command.out());

        assertEquals(0, command.exitCode(), command::err);
        assertEquals(
                "train prepare generate eval classify info merge tokenizer attention bench help ",
                complete("gpt", ""));
        assertEquals("generate ", complete("gpt", "gene"));
        assertEquals("--precision ", complete("gpt", "train", "--prec"));
        assertEquals("FP32 BF16 FP16 INT8 INT4 ", complete("gpt", "eval", "--precision", ""));
        assertEquals("GELU_TANH GELU RELU SILU ", complete("gpt", "train", "--activation", ""));
        assertEquals("completion ", complete("gpt", "train", "--data", "c"));
    }

    /** In a list beside {@code generate} it would seem to complete texts. */
    @Test
    void theHelpNamesTheCommandBelowTheOthers() {
        String help = Command.gpt("--help").out();

        assertTrue(help.contains("source <(gpt generate-completion)"), help);
        assertFalse(help.contains("\n  generate-completion"), help);
    }

    private String complete(String... words) throws Exception {
        String[] call = new String[words.length + 4];
        System.arraycopy(new String[] {"/bin/bash", "-c", PRESS_TAB, "bash"}, 0, call, 0, 4);
        System.arraycopy(words, 0, call, 4, words.length);
        Process bash =
                new ProcessBuilder(call)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .start();
        return new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
