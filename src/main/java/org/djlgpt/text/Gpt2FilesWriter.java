package org.djlgpt.text;

import com.google.gson.stream.JsonWriter;

import org.djlgpt.io.AtomicFile;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Writes {@link Gpt2Files}, and the same once more as {@code tokenizer.json} and {@code
 * tokenizer_config.json}, so that whoever reads those alone, as Hugging Face's tokenizers do, finds
 * the same ids without being told what kind it is.
 */
final class Gpt2FilesWriter {

    private static final String VERSION_LINE = "#version: 0.2";

    private final Gpt2Files files;
    private final AddedTokens added;
    private final Path folder;

    Gpt2FilesWriter(Gpt2Files files, Path folder) {
        this.files = files;
        this.folder = folder;
        added = files.added();
    }

    /** What goes into a JSON object. */
    @FunctionalInterface
    private interface Fields {

        void writeTo(JsonWriter json) throws IOException;
    }

    /** Writes all files, of those for added tokens the ones that are needed. */
    void write() throws IOException {
        writeJson(Gpt2Files.VOCABULARY, json -> writeIds(json, files.vocabulary()));
        AtomicFile.writeStream(
                folder.resolve(Gpt2Files.MERGES),
                out -> {
                    out.write((VERSION_LINE + "\n").getBytes(StandardCharsets.UTF_8));
                    for (String merge : files.merges()) {
                        out.write((merge + "\n").getBytes(StandardCharsets.UTF_8));
                    }
                });
        writeAdded();
        writeJson(TokenizerJson.FILE, this::writeTokenizer);
        writeJson(AddedTokens.CONFIG, this::writeConfig);
        files.kept().write(folder); // the configuration that was read, too
    }

    private void writeJson(String name, Fields fields) throws IOException {
        AtomicFile.writeStream(
                folder.resolve(name),
                out -> {
                    JsonWriter json =
                            new JsonWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
                    json.beginObject();
                    fields.writeTo(json);
                    json.endObject();
                    json.flush();
                });
    }

    private static void writeIds(JsonWriter json, Map<String, Integer> ids) throws IOException {
        for (Map.Entry<String, Integer> entry : ids.entrySet()) {
            json.name(entry.getKey()).value(entry.getValue());
        }
    }

    /** Writes what the vocabulary does not say already. */
    private void writeAdded() throws IOException {
        Map<String, Integer> more = new LinkedHashMap<>(added.special());
        more.keySet().removeAll(files.vocabulary().keySet());
        more.putAll(added.text());
        if (!more.isEmpty()) {
            writeJson(AddedTokens.IDS, json -> writeIds(json, more));
        }
        if (!Set.of(AddedTokens.END_OF_TEXT).containsAll(added.special().keySet())) {
            writeJson(AddedTokens.ROLES, this::writeRoles);
        }
    }

    private void writeRoles(JsonWriter json) throws IOException {
        if (added.endOfText() != null) {
            json.name(AddedTokens.ENDS_TEXT).value(added.endOfText());
        }
        json.name(AddedTokens.OTHERS).beginArray();
        for (String token : added.special().keySet()) {
            json.value(token);
        }
        json.endArray();
    }

    private void writeTokenizer(JsonWriter json) throws IOException {
        json.name("version").value("1.0");
        json.name("added_tokens").beginArray();
        for (Map.Entry<Integer, String> token : addedById().entrySet()) {
            json.beginObject().name("id").value(token.getKey());
            writeToken(json, token.getValue());
            json.endObject();
        }
        json.endArray();
        json.name("normalizer").nullValue();
        writeByteLevel(json, "pre_tokenizer");
        writeByteLevel(json, "decoder");
        json.name("model").beginObject();
        json.name("type").value("BPE");
        json.name("vocab").beginObject();
        writeIds(json, files.vocabulary());
        json.endObject();
        json.name("merges").beginArray();
        for (String merge : files.merges()) {
            json.value(merge);
        }
        json.endArray().endObject();
    }

    private static void writeByteLevel(JsonWriter json, String name) throws IOException {
        json.name(name).beginObject().name("type").value("ByteLevel");
        json.name("add_prefix_space").value(false);
        json.name("trim_offsets").value(true);
        json.name("use_regex").value(true).endObject();
    }

    private void writeConfig(JsonWriter json) throws IOException {
        json.name("tokenizer_class").value("GPT2Tokenizer");
        json.name("add_prefix_space").value(false);
        json.name("clean_up_tokenization_spaces").value(false);
        json.name("added_tokens_decoder").beginObject();
        for (Map.Entry<Integer, String> token : addedById().entrySet()) {
            json.name(token.getKey().toString()).beginObject();
            writeToken(json, token.getValue());
            json.endObject();
        }
        json.endObject();
        if (added.endOfText() != null) { // without them the class adds <|endoftext|> as well
            for (String role : AddedTokens.GPT2_ROLES) {
                json.name(role).value(added.endOfText());
            }
        }
    }

    private Map<Integer, String> addedById() {
        Map<Integer, String> tokens = new TreeMap<>();
        added.special().forEach((token, id) -> tokens.put(id, token));
        added.text().forEach((token, id) -> tokens.put(id, token));
        return tokens;
    }

    private void writeToken(JsonWriter json, String token) throws IOException {
        json.name("content").value(token);
        for (String flag : TokenizerJson.FLAGS) {
            json.name(flag).value(false);
        }
        json.name("special").value(added.special().containsKey(token));
    }
}
