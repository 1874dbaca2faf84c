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

class ClassifyMessagesTest {

    @Test
    void theLastBlockLearnsToTellSpam() throws Exception {
        Engine.getInstance().setRandomSeed(1);
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
            ClassifyMessages.main("40");
        } finally {
            System.setOut(before);
        }

        String[] words = bytes.toString(StandardCharsets.UTF_8).split("\\s+");
        assertTrue(Double.parseDouble(words[1]) > 0.9, bytes::toString);
    }

    @Test
    void itIsShort() throws IOException {
        Path source = Path.of("src/test/java/org/djlgpt/examples/ClassifyMessages.java");
        assertTrue(Files.readAllLines(source).size() <= 60);
    }
}
