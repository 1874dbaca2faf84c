package org.djlgpt.text;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes special tokens into the files of a tokenizer from elsewhere, and leaves the rest as it is.
 */
final class AddedTokensJson {

    private static final Gson JSON =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    private AddedTokensJson() {}

    /**
     * Returns the files with tokens in {@code tokenizer.json}, and in {@code tokenizer_config.json}
     * if that lists added tokens, too.
     *
     * @param ids the ids of the tokens, among others
     * @param tokens what to add
     */
    static KeptFiles add(KeptFiles files, AddedTokens ids, List<String> tokens) {
        Map<String, byte[]> changed = new LinkedHashMap<>(files.contents());
        changed.computeIfPresent(
                TokenizerJson.FILE,
                (name, bytes) -> {
                    JsonObject json = parse(bytes);
                    if (!json.has("added_tokens")) {
                        json.add("added_tokens", new JsonArray());
                    }
                    for (String token : tokens) {
                        JsonObject entry = new JsonObject();
                        entry.addProperty("id", ids.special().get(token));
                        describe(token, entry);
                        json.getAsJsonArray("added_tokens").add(entry);
                    }
                    return bytes(json);
                });
        changed.computeIfPresent(
                AddedTokens.CONFIG,
                (name, bytes) -> {
                    JsonObject json = parse(bytes);
                    JsonObject listed = json.getAsJsonObject("added_tokens_decoder");
                    if (listed == null) {
                        return bytes;
                    }
                    for (String token : tokens) {
                        JsonObject entry = new JsonObject();
                        describe(token, entry);
                        listed.add(ids.special().get(token).toString(), entry);
                    }
                    return bytes(json);
                });
        return new KeptFiles(changed);
    }

    private static void describe(String token, JsonObject entry) {
        entry.addProperty("content", token);
        TokenizerJson.FLAGS.forEach(flag -> entry.addProperty(flag, false));
        entry.addProperty("special", true);
    }

    private static JsonObject parse(byte[] bytes) {
        return JSON.fromJson(new String(bytes, StandardCharsets.UTF_8), JsonObject.class);
    }

    private static byte[] bytes(JsonObject json) {
        return JSON.toJson(json).getBytes(StandardCharsets.UTF_8);
    }
}
