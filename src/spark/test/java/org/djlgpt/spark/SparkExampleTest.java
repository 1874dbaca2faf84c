package org.djlgpt.spark;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The example on a cluster. */
class SparkExampleTest {

    private static final double UNIGRAM = 3.2093; // nats per character of the text

    @TempDir private Path folder;

    @Test
    void itTrainsWritesAndMeasures() throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try (LocalCluster cluster = new LocalCluster(2, folder)) {
            SparkExample.main(new String[] {cluster.url(), folder.resolve("example").toString()});
        } finally {
            System.setOut(before);
        }
        String text = said.toString(StandardCharsets.UTF_8);

        Matcher loss = Pattern.compile("lowest validation loss ([\\d.]+)").matcher(text);
        assertTrue(loss.find(), text);
        assertTrue(Double.parseDouble(loss.group(1)) < UNIGRAM, text);
        assertTrue(text.contains("|public "), text);
        assertTrue(text.matches("(?s).*perplexity of its own texts [\\d.]+\\s*"), text);
    }
}
