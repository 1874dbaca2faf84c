package org.djlgpt.text;

import com.google.gson.Gson;
import com.google.gson.JsonObject;

import org.djlgpt.io.AtomicFile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Files that go where a tokenizer goes, byte for byte, such as a chat template.
 *
 * @param contents by name
 */
record KeptFiles(Map<String, byte[]> contents) {

    static final String CHAT_TEMPLATE = "chat_template.jinja";
    static final KeptFiles NONE = new KeptFiles(Map.of());

    /** Reads the files of a folder that have some names. */
    static KeptFiles read(Path folder, Predicate<String> names) throws IOException {
        Map<String, byte[]> contents = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                if (names.test(file.getFileName().toString())) {
                    contents.put(file.getFileName().toString(), Files.readAllBytes(file));
                }
            }
        }
        return new KeptFiles(contents);
    }

    /** Returns what a file that is a JSON object says; nothing if it is not there. */
    JsonObject json(String name) {
        byte[] content = contents.getOrDefault(name, new byte[] {'{', '}'});
        return new Gson().fromJson(new String(content, StandardCharsets.UTF_8), JsonObject.class);
    }

    void write(Path folder) throws IOException {
        for (Map.Entry<String, byte[]> file : contents.entrySet()) {
            AtomicFile.writeStream(
                    folder.resolve(file.getKey()), out -> out.write(file.getValue()));
        }
    }
}
