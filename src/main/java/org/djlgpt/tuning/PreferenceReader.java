package org.djlgpt.tuning;

import org.djlgpt.io.Json;
import org.djlgpt.text.JsonLines;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;

/** Makes pairs of the lines of files, as {@link PreferenceSet} describes them. */
final class PreferenceReader {

    private static final String CHOSEN = "chosen";
    private static final String REJECTED = "rejected";

    private final ExampleReader examples;

    PreferenceReader(ExampleReader examples) {
        this.examples = examples;
    }

    /** Hands on each line's chosen and rejected example. */
    void read(Path file, BiConsumer<Example, Example> pairs) throws IOException {
        try (JsonLines lines = JsonLines.open(file)) {
            for (Json line = lines.next(); line != null; line = lines.next()) {
                Json chosen = line.require(CHOSEN);
                Json rejected = line.require(REJECTED);
                if (line.field("prompt").isPresent()) {
                    Json prompt = line.require("prompt");
                    Example better = examples.completion(line, prompt, chosen);
                    Example worse = examples.completion(line, prompt, rejected);
                    requireDifferent(line, Arrays.equals(better.ids(), worse.ids()));
                    pairs.accept(better, worse);
                } else {
                    readWhole(line, chosen, rejected, pairs);
                }
            }
        }
    }

    /** Reads two conversations that begin with the same messages. */
    private void readWhole(
            Json line, Json chosen, Json rejected, BiConsumer<Example, Example> pairs) {
        if (!chosen.isArray() || !rejected.isArray()) {
            line.require("prompt");
        }
        List<Message> better = examples.messages(chosen);
        List<Message> worse = examples.messages(rejected);
        int same = 0;
        while (same < Math.min(better.size(), worse.size())
                && better.get(same).equals(worse.get(same))) {
            same++;
        }
        requireDifferent(line, better.equals(worse));
        pairs.accept(examples.chat(chosen, better, same), examples.chat(rejected, worse, same));
    }

    private static void requireDifferent(Json line, boolean isSame) {
        if (isSame) {
            throw line.malformed(
                    "%s has the same answer as %s and %s, so there is nothing to prefer; leave the"
                            + " line out",
                    line.place(), CHOSEN, REJECTED);
        }
    }
}
