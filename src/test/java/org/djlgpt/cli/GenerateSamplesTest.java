package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Path;

/** {@code gpt generate --samples} for a person who reads some of them and goes. */
class GenerateSamplesTest {

    private static final Tokenizer TOKENIZER = CharTokenizer.fromText("abcdefgh");

    @TempDir private Path folder;

    @Test
    void ofMoreTextsThanCouldBeHeldTheFirstArePrintedAsTheyCome() throws IOException {
        try (NDManager manager = ComputeDevice.newManager()) {
            ModelDirectory.save(
                    TinyGpt.scrambled(TinyGpt.size(TOKENIZER.vocabSize(), 16).build(), 4, manager),
                    TOKENIZER,
                    folder);
        }
        StringWriter few = new StringWriter();
        StringWriter many = new StringWriter();

        assertEquals(0, generate(few, 40));
        String expected = few.toString().replace(" of 40", " of 1000000000");
        assertEquals(141, generate(leaving(many, expected.length()), 1_000_000_000));

        assertEquals(expected, many.toString());
    }

    private int generate(Writer out, int samples) {
        return Gpt.run(
                new PrintWriter(out),
                new PrintWriter(new StringWriter()),
                "generate",
                "--model",
                folder.toString(),
                "--prompt",
                "a",
                "--stop",
                "h",
                "--max-new-tokens",
                "20",
                "--seed",
                "3",
                "--samples",
                Integer.toString(samples));
    }

    /** Returns a pipe whose reader goes when it has read some characters. */
    private static Writer leaving(StringWriter read, int characters) {
        return new Writer() {
            @Override
            public void write(char[] text, int from, int length) throws IOException {
                if (read.getBuffer().length() + length > characters) {
                    throw new IOException("Broken pipe");
                }
                read.write(text, from, length);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
    }
}
