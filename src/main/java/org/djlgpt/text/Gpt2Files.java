package org.djlgpt.text;

import com.google.gson.stream.JsonWriter;

import org.djlgpt.io.AtomicFile;
import org.djlgpt.io.Json;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The files of a Hugging Face GPT-2 tokenizer: {@code vocab.json}, an object of token and id, and
 * {@code merges.txt}, a version line and one merge a line.
 */
final class Gpt2Files {

    private static final int MAX_BYTES = 100_000_000;
    private static final String VERSION_LINE = "#version: 0.2";

    private Gpt2Files() {}

    /** Writes tokens whose ids are their indices. */
    static void writeVocab(Path file, List<String> tokens) throws IOException {
        AtomicFile.writeStream(
                file,
                out -> {
                    Writer text = new OutputStreamWriter(out, StandardCharsets.UTF_8);
                    JsonWriter json = new JsonWriter(text);
                    json.beginObject();
                    for (int id = 0; id < tokens.size(); id++) {
                        json.name(tokens.get(id)).value(id);
                    }
                    json.endObject();
                    json.flush();
                });
    }

    static void writeMerges(Path file, List<String> merges) throws IOException {
        String lines = VERSION_LINE + "\n" + String.join("\n", merges) + "\n";
        AtomicFile.writeStream(file, out -> out.write(lines.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Checks that a vocabulary file maps exactly the given tokens to their indices, in any order.
     *
     * @throws IllegalArgumentException if it does not, naming the file and the first difference
     */
    static void requireVocab(Path file, List<String> tokens) throws IOException {
        Map<String, Integer> ids = readVocab(file);
        for (int id = 0; id < tokens.size(); id++) {
            Integer actual = ids.remove(tokens.get(id));
            if (actual == null || actual != id) {
                String found = actual == null ? "is missing" : "has id " + actual;
                throw notGpt2(file, "token \"" + tokens.get(id) + "\" of id " + id + " " + found);
            }
        }
        if (!ids.isEmpty()) {
            Map.Entry<String, Integer> extra = ids.entrySet().iterator().next();
            throw notGpt2(
                    file, "it adds token \"" + extra.getKey() + "\" of id " + extra.getValue());
        }
    }

    /**
     * Checks that a merges file lists exactly the given merges, in order.
     *
     * @throws IllegalArgumentException if it does not, naming the file and the first line that
     *     differs
     */
    static void requireMerges(Path file, List<String> merges) throws IOException {
        List<String> lines = TextFile.read(file).lines().toList();
        int header = !lines.isEmpty() && lines.get(0).startsWith("#version") ? 1 : 0;
        List<String> actual = lines.subList(header, lines.size());
        for (int i = 0; i < Math.max(actual.size(), merges.size()); i++) {
            String expected = i < merges.size() ? "\"" + merges.get(i) + "\"" : "the end";
            String found = i < actual.size() ? "\"" + actual.get(i) + "\"" : "the end";
            if (!found.equals(expected)) {
                throw notGpt2(
                        file, "line " + (header + i + 1) + " is " + found + ", not " + expected);
            }
        }
    }

    private static Map<String, Integer> readVocab(Path file) throws IOException {
        TextFile.requireReadable(file);
        Map<String, Integer> ids = new HashMap<>();
        Json.read(file, MAX_BYTES)
                .fields()
                .forEach((token, id) -> ids.put(token, (int) id.wholeNumber(Integer.MAX_VALUE)));
        return ids;
    }

    private static IllegalArgumentException notGpt2(Path file, String difference) {
        return new IllegalArgumentException(
                file + " is not GPT-2's, the only byte-pair encoding that is read: " + difference);
    }
}
