package org.djlgpt.checkpoint;

import ai.djl.MalformedModelException;

import org.djlgpt.io.Json;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads {@code model.safetensors.index.json}. */
final class WeightIndex {

    private static final String WEIGHT_MAP = "weight_map";

    /** A file name and nothing else, whatever the system takes for a separator or a drive. */
    private static final String FILE_NAME = "[^/\\\\:\\p{Cntrl}]+\\.safetensors";

    private WeightIndex() {}

    /** Returns the name of the file that holds a tensor, by the tensor's name. */
    static Map<String, String> read(Path path) throws IOException, MalformedModelException {
        try {
            Json index = Json.read(path, ModelDirectory.MAX_BYTES);
            Map<String, String> files = new LinkedHashMap<>();
            index.require(WEIGHT_MAP)
                    .fields()
                    .forEach((tensor, file) -> files.put(tensor, fileName(tensor, file)));
            return files;
        } catch (IllegalArgumentException e) {
            throw new MalformedModelException(e.getMessage(), e);
        }
    }

    private static String fileName(String tensor, Json file) {
        if (!file.string().matches(FILE_NAME)) {
            throw file.malformed(
                    "tensor %s is said to be in '%s'; the files of a model lie in its folder and"
                            + " are named *.safetensors",
                    tensor, file.string());
        }
        return file.string();
    }
}
