package org.djlgpt.checkpoint;

import org.djlgpt.io.Json;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The ids that end a text, as a folder names them. */
final class StopTokens {

    private static final String KEY = "eos_token_id";

    private StopTokens() {}

    static Set<Integer> read(Path directory) throws IOException {
        Path own = directory.resolve(ModelDirectory.GENERATION_CONFIG);
        if (Files.isRegularFile(own)) {
            Json json = Json.read(own, ModelDirectory.MAX_BYTES);
            if (json.fields().containsKey(KEY)) {
                return ids(json);
            }
        }
        return ids(ModelDirectory.readConfig(directory));
    }

    private static Set<Integer> ids(Json json) {
        Set<Integer> ids = new LinkedHashSet<>();
        for (Json id : json.field(KEY).map(StopTokens::all).orElse(List.of())) {
            ids.add(id(id));
        }
        return Set.copyOf(ids);
    }

    private static List<Json> all(Json value) {
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
