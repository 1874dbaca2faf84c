package org.djlgpt.checkpoint;

import org.djlgpt.io.Json;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The ids that end a text, as a folder names them. */
final class StopTokens {

    static final String KEY = "eos_token_id";

    private StopTokens() {}

    static Set<Integer> read(Path directory) throws IOException {
        Optional<Json> stored = ofGeneration(directory);
        if (stored.isEmpty()) {
            stored = ModelDirectory.readConfig(directory).field(KEY);
        }
        Set<Integer> ids = new LinkedHashSet<>();
        for (Json id : stored.map(StopTokens::all).orElse(List.of())) {
            ids.add(id(id));
        }
        return Set.copyOf(ids);
    }

    /** Returns what {@code generation_config.json} says, which may be null, if it says anything. */
    static Optional<Json> ofGeneration(Path directory) throws IOException {
        Path file = directory.resolve(ModelDirectory.GENERATION_CONFIG);
        return Files.isRegularFile(file)
                ? Optional.ofNullable(Json.read(file, ModelDirectory.MAX_BYTES).fields().get(KEY))
                : Optional.empty();
    }

    private static List<Json> all(Json value) {
        if (value.isNull()) {
            return List.of();
        }
        return value.isArray() ? value.items() : List.of(value);
    }

    private static int id(Json value) {
        try {
            return value.number().intValueExact();
        } catch (ArithmeticException e) {
            throw (IllegalArgumentException)
                    value.malformed("%s is %s, but a token id is an integer", value.place(), value)
                            .initCause(e);
        }
    }
}
