package org.djlgpt.text;

import com.google.gson.stream.JsonWriter;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes {@code tokenizer.json} and {@code tokenizer_config.json} for a tokenizer of {@link
 * Gpt2Files}, so that whoever reads them alone, as Hugging Face's tokenizers do, finds the same ids
 * without being told what kind it is.
 */
final class ByteLevelJson {

    private static final String BYTE_LEVEL = "ByteLevel";

    private ByteLevelJson() {}

    /** Writes both files. */
    static void write(Path folder, Gpt2Files files) throws IOException {
        AddedTokens.writeJson(
                folder.resolve(TokenizerJson.FILE), json -> writeTokenizer(json, files));
        AddedTokens.writeJson(
                folder.resolve(AddedTokens.CONFIG), json -> writeConfig(json, files.added()));
    }

    private static void writeTokenizer(JsonWriter json, Gpt2Files files) throws IOException {
        json.name("version").value("1.0");
        json.name("added_tokens").beginArray();
        for (Map.Entry<Integer, String> token : byId(files.added()).entrySet()) {
            json.beginObject().name("id").value(token.getKey());
            writeToken(json, token.getValue(), files.added());
            json.endObject();
        }
        json.endArray();
        json.name("normalizer").nullValue();
        writeByteLevel(json, "pre_tokenizer");
        writeByteLevel(json, "decoder");
        json.name("model").beginObject();
        json.name("type").value("BPE");
        json.name("vocab").beginObject();
        for (Map.Entry<String, Integer> token : files.vocabulary().entrySet()) {
            json.name(token.getKey()).value(token.getValue());
        }
        json.endObject();
        json.name("merges").beginArray();
        for (String merge : files.merges()) {
            json.value(merge);
        }
        json.endArray().endObject();
    }

    private static void writeByteLevel(JsonWriter json, String name) throws IOException {
        json.name(name).beginObject().name("type").value(BYTE_LEVEL);
        json.name("add_prefix_space").value(false);
        json.name("trim_offsets").value(true);
        json.name("use_regex").value(true).endObject();
    }

    private static void writeConfig(JsonWriter json, AddedTokens added) throws IOException {
        json.name("tokenizer_class").value("GPT2Tokenizer");
        json.name("add_prefix_space").value(false);
        json.name("clean_up_tokenization_spaces").value(false);
        json.name("added_tokens_decoder").beginObject();
        for (Map.Entry<Integer, String> token : byId(added).entrySet()) {
            json.name(token.getKey().toString()).beginObject();
            writeToken(json, token.getValue(), added);
            json.endObject();
        }
        json.endObject();
        if (added.endOfText() != null) { // without them the class adds <|endoftext|> as well
            for (String role : AddedTokens.GPT2_ROLES) {
                json.name(role).value(added.endOfText());
            }
        }
    }

    private static Map<Integer, String> byId(AddedTokens added) {
        Map<Integer, String> tokens = new TreeMap<>();
        added.special().forEach((token, id) -> tokens.put(id, token));
        added.text().forEach((token, id) -> tokens.put(id, token));
        return tokens;
    }

    private static void writeToken(JsonWriter json, String token, AddedTokens added)
            throws IOException {
        json.name("content").value(token);
        for (String flag : TokenizerJson.FLAGS) {
            json.name(flag).value(false);
        }
        json.name("special").value(added.special().containsKey(token));
    }
}
