package org.djlgpt.model;

import ai.djl.MalformedModelException;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads {@code model.safetensors.index.json}, token by token, since a parser that builds a tree
 * would drop a tensor that is named twice.
 */
final class WeightIndex {

    private static final String WEIGHT_MAP = "weight_map";

    /** A file name and nothing else, whatever the system takes for a separator or a drive. */
    private static final String FILE_NAME = "[^/\\\\:\\p{Cntrl}]+\\.safetensors";

    private final Path path;
    private final JsonReader json;

    private WeightIndex(Path path, String text) {
        this.path = path;
        json = new JsonReader(new StringReader(text));
    }

    /** Returns the name of the file that holds a tensor, by the tensor's name. */
    static Map<String, String> read(Path path) throws IOException, MalformedModelException {
        WeightIndex index = new WeightIndex(path, JsonText.read(path));
        try {
            return index.parse();
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            // Gson reports a bad \\u escape as NumberFormatException in older releases.
            MalformedModelException malformed =
                    index.malformed("is no index in JSON from %s on", index.json.getPath());
            malformed.initCause(e);
            throw malformed;
        }
    }

    private Map<String, String> parse() throws IOException, MalformedModelException {
        Map<String, String> files = null;
        json.beginObject();
        while (json.hasNext()) {
            if (!json.nextName().equals(WEIGHT_MAP)) {
                json.skipValue();
            } else if (files == null) {
                files = readFiles();
            } else {
                throw malformed("has %s twice", WEIGHT_MAP);
            }
        }
        json.endObject();
        if (json.peek() != JsonToken.END_DOCUMENT || files == null) {
            throw malformed("needs one object with a %s", WEIGHT_MAP);
        }
        return files;
    }

    private Map<String, String> readFiles() throws IOException, MalformedModelException {
        Map<String, String> files = new LinkedHashMap<>();
        json.beginObject();
        while (json.hasNext()) {
            String tensor = json.nextName();
            if (json.peek() != JsonToken.STRING) {
                throw malformed("tensor %s has %s for a file name", tensor, json.peek());
            }
            String file = json.nextString();
            if (!file.matches(FILE_NAME)) {
                throw malformed(
                        "tensor %s is said to be in '%s'; the files of a model lie in its folder"
                                + " and are named *.safetensors",
                        tensor, file);
            }
            if (files.put(tensor, file) != null) {
                throw malformed("names tensor %s twice", tensor);
            }
        }
        json.endObject();
        return files;
    }

    private MalformedModelException malformed(String reason, Object... values) {
        return new MalformedModelException(path + ": " + reason.formatted(values));
    }
}
