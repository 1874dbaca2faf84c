package org.djlgpt.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** That a model learns to answer is shown by {@code org.djlgpt.tuning.InstructionsTest}. */
class FollowInstructionsTest {

    @Test
    void itRunsToItsEnd() throws Exception {
        Engine.getInstance().setRandomSeed(1);
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
            FollowInstructions.main("3");
        } finally {
            System.setOut(before);
        }

        String shown = bytes.toString(StandardCharsets.UTF_8);
        assertTrue(shown.matches("(?s)right: 0\\.\\d{3} of 300 unseen\\s+"), shown);
    }

    @Test
    void itIsShort() throws IOException {
        Path source = Path.of("src/test/java/org/djlgpt/examples/FollowInstructions.java");
        assertTrue(Files.readAllLines(source).size() <= 60);
    }
}
