package org.djlgpt.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A text to train on for a moment, and the options that make it a moment. */
final class SmallText {

    static final String TEXT = "the quick brown fox jumps over the lazy dog;\n".repeat(60);

    private SmallText() {}

    static Path in(Path folder) {
        try {
            return Files.writeString(folder.resolve("small.txt"), TEXT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs {@code gpt train}; later options replace earlier ones. */
    static Command train(Path text, Path out, Object... more) {
        return Command.gpt(options(text, out, more).toArray());
    }

    /** Returns the command line of {@link #train}, from {@code train} on. */
    static List<Object> options(Path text, Path out, Object... more) {
        List<Object> arguments =
                new ArrayList<>(
                        List.of(
                                "train",
                                "--data",
                                text,
                                "--out",
                                out,
                                "--layers",
                                1,
                                "--heads",
                                2,
                                "--embedding-dim",
                                16,
                                "--context-length",
                                12,
                                "--batch-size",
                                4,
                                "--steps",
                                20,
                                "--eval-every",
                                10,
                                "--eval-batches",
                                2));
        Stream.of(more).forEach(arguments::add);
        return arguments;
    }
}
