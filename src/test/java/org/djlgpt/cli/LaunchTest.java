package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

class MavenLineTest {

    @Test
    void plainArgumentsNeedNoQuotes() {
        assertEquals(
                "mvn -q compile exec:java -Dexec.args=\"generate --model runs/gpt\"",
                TrainingReport.mavenLine("generate", "--model", "runs/gpt"));
    }

    @Test
    void argumentsWithSpacesAreQuotedForMaven() {
        assertEquals(
                "mvn -q compile exec:java -Dexec.args=\"--model 'my runs/gpt'\"",
                TrainingReport.mavenLine("--model", "my runs/gpt"));
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aShellHandsMavenTheLineThatWasMeant() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")));
        String command = TrainingReport.mavenLine("$HOME `id` \\n \"quoted\"", "it's");

        Process shell =
                new ProcessBuilder(
                                "/bin/sh",
                                "-c",
                                command.replaceFirst("^mvn .*? -D", "printf %s -D"))
                        .start();
        String seen = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertEquals("-Dexec.args='$HOME `id` \\n \"quoted\"' 'it'\"'\"'s'", seen);
    }
}
