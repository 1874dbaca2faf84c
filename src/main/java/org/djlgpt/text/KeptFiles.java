package org.djlgpt.text;

import org.djlgpt.io.AtomicFile;
import org.djlgpt.io.Json;

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

    /** Leaves the chat template only, in a file of its own: what else there was says too little. */
    KeptFiles chatTemplate() {
        byte[] file = contents.get(CHAT_TEMPLATE);
        if (file == null && contents.containsKey(AddedTokens.CONFIG)) {
            Path name = Path.of(AddedTokens.CONFIG);
            file =
                    Json.parse(name, contents.get(AddedTokens.CONFIG))
                            .field("chat_template")
                            .filter(Json::isString)
                            .map(template -> template.string().getBytes(StandardCharsets.UTF_8))
                            .orElse(null);
        }
        return file == null ? NONE : new KeptFiles(Map.of(CHAT_TEMPLATE, file));
    }

    void write(Path folder) throws IOException {
        for (Map.Entry<String, byte[]> file : contents.entrySet()) {
            AtomicFile.writeStream(
                    folder.resolve(file.getKey()), out -> out.write(file.getValue()));
        }
    }
}
