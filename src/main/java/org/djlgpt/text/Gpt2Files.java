package org.djlgpt.text;

import com.google.gson.stream.JsonWriter;
import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;

import org.djlgpt.io.AtomicFile;
import org.djlgpt.io.Json;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What the files of a Hugging Face GPT-2 tokenizer say: {@code vocab.json} and {@code merges.txt},
 * and about tokens that are no text or were added later {@code added_tokens.json}, {@code
 * special_tokens_map.json} and {@code tokenizer_config.json}.
 *
 * @param vocabulary the ids of the tokens that the merges make, in the letters of {@link
 *     ByteAlphabet}, and of others that the same file lists
 * @param merges the merges in the order that they are tried, each as two tokens with a space
 *     between
 * @param added the ids of tokens that are found in any text before it is cut into words
 * @param special the ids of tokens that stand for no text
 * @param endOfText the special token that ends a document, or null
 */
record Gpt2Files(
        Map<String, Integer> vocabulary,
        List<String> merges,
        Map<String, Integer> added,
        Map<String, Integer> special,
        String endOfText) {

    static final String VOCABULARY = "vocab.json";
    static final String MERGES = "merges.txt";
    private static final String ADDED = "added_tokens.json";
    private static final String SPECIAL = "special_tokens_map.json";
    private static final String CONFIG = "tokenizer_config.json";

    private static final int MAX_BYTES = 100_000_000;
    private static final String VERSION_LINE = "#version: 0.2";
    private static final String END_OF_TEXT = "<|endoftext|>";
    private static final String END_OF_TEXT_ROLE = "eos_token";
    private static final List<String> ROLES =
            List.of(
                    END_OF_TEXT_ROLE,
                    "bos_token",
                    "unk_token",
                    "pad_token",
                    "sep_token",
                    "cls_token",
                    "mask_token");
    private static final List<String> MORE_ROLES =
            List.of("additional_special_tokens", "extra_special_tokens");

    /**
     * Derives GPT-2's files from the ranks of jtokkit.
     *
     * <p>An encoding knows the bytes of every token but not the two tokens that it was merged from.
     * A merge made the token out of what the earlier merges had left of its bytes, so running these
     * on them leaves exactly the two.
     */
    static Gpt2Files published() {
        Encoding encoding =
                Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
        byte[][] tokens = new byte[50256][];
        List<String> spelled = new ArrayList<>();
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        List<String> merges = new ArrayList<>();
        BytePairs pairs = new BytePairs(tokens);
        for (int id = 0; id < tokens.length; id++) {
            IntArrayList one = new IntArrayList(1);
            one.add(id);
            tokens[id] = encoding.decodeBytes(one);
            spelled.add(ByteAlphabet.spell(tokens[id]));
            vocabulary.put(spelled.get(id), id);
            if (tokens[id].length == 1) {
                pairs.setByte(tokens[id][0], id);
            } else {
                int[] parts = pairs.encode(tokens[id]);
                if (parts.length != 2) {
                    throw new IllegalStateException("token " + id + " is no merge of two others");
                }
                pairs.add(new BytePairs.Merge(parts[0], parts[1], id));
                merges.add(spelled.get(parts[0]) + " " + spelled.get(parts[1]));
            }
        }
        vocabulary.put(END_OF_TEXT, tokens.length);
        return new Gpt2Files(
                vocabulary, merges, Map.of(), Map.of(END_OF_TEXT, tokens.length), END_OF_TEXT);
    }

    /**
     * Reads the files of a folder.
     *
     * @throws IllegalArgumentException if one is missing or malformed, or asks for what GPT-2's
     *     tokenizer does not do
     */
    static Gpt2Files read(Path folder) throws IOException {
        Path vocabularyFile = folder.resolve(VOCABULARY);
        TextFile.requireReadable(vocabularyFile);
        TextFile.requireReadable(folder.resolve(MERGES));
        Map<String, Integer> vocabulary = ids(Json.read(vocabularyFile, MAX_BYTES));
        Map<String, Integer> added = new LinkedHashMap<>();
        Set<String> special = new HashSet<>();
        Map<String, String> roles = new LinkedHashMap<>();
        if (Files.exists(folder.resolve(ADDED))) {
            added.putAll(ids(Json.read(folder.resolve(ADDED), MAX_BYTES)));
        }
        for (String name : List.of(CONFIG, SPECIAL)) {
            if (Files.exists(folder.resolve(name))) {
                Json json = Json.read(folder.resolve(name), MAX_BYTES);
                requireGpt2(json);
                readDecoder(json, added, special);
                readRoles(json, roles, special);
            }
        }
        if (vocabulary.containsKey(END_OF_TEXT) || added.containsKey(END_OF_TEXT)) {
            roles.putIfAbsent(END_OF_TEXT_ROLE, END_OF_TEXT);
            special.add(END_OF_TEXT);
        }
        Map<String, Integer> specialIds = new LinkedHashMap<>();
        for (String token : special) {
            Integer id = added.getOrDefault(token, vocabulary.get(token));
            if (id == null) {
                throw new IllegalArgumentException(
                        "%s has the special token \"%s\", which has no id; add it to %s"
                                .formatted(folder, token, ADDED));
            }
            specialIds.put(token, id);
        }
        added.keySet().removeAll(special);
        return new Gpt2Files(
                vocabulary,
                mergesOf(folder.resolve(MERGES)),
                added,
                specialIds,
                roles.get(END_OF_TEXT_ROLE));
    }

    private static Map<String, Integer> ids(Json json) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        json.fields()
                .forEach((token, id) -> ids.put(token, (int) id.wholeNumber(Integer.MAX_VALUE)));
        return ids;
    }

    private static List<String> mergesOf(Path file) throws IOException {
        List<String> lines = TextFile.read(file).lines().toList();
        int header = !lines.isEmpty() && lines.get(0).startsWith("#version") ? 1 : 0;
        return lines.subList(header, lines.size());
    }

    /** Other tokenizers use the same files, and other words. */
    private static void requireGpt2(Json json) {
        json.field("tokenizer_class")
                .filter(type -> !type.string().matches("GPT2Tokenizer(Fast)?"))
                .ifPresent(
                        type -> {
                            throw type.malformed(
                                    "%s is %s, but only GPT2Tokenizer is supported",
                                    type.place(), type);
                        });
        for (String name : List.of("add_prefix_space", "add_bos_token")) {
            requireFalse(json, name);
        }
    }

    private static void requireFalse(Json json, String name) {
        json.field(name)
                .filter(Json::flag)
                .ifPresent(
                        flag -> {
                            throw flag.malformed("%s is true, but only false is supported", flag.place());
                        });
    }

    private static void readDecoder(Json json, Map<String, Integer> added, Set<String> special) {
        if (json.field("added_tokens_decoder").isEmpty()) {
            return;
        }
        json.require("added_tokens_decoder")
                .fields()
                .forEach(
                        (id, entry) -> {
                            String token = entry.require("content").string();
                            if (!id.matches("[0-9]{1,9}")) {
                                throw entry.malformed("%s is no token id", entry.place());
                            }
                            Integer other = added.put(token, Integer.valueOf(id));
                            if (other != null && !other.equals(Integer.valueOf(id))) {
                                throw entry.malformed(
                                        "token \"%s\" has id=%s here and %d in %s",
                                        token, id, other, ADDED);
                            }
                            for (String flag : List.of("lstrip", "rstrip", "single_word")) {
                                requireFalse(entry, flag);
                            }
                            if (entry.field("special").map(Json::flag).orElse(false)) {
                                special.add(token);
                            }
                        });
    }

    private static void readRoles(Json json, Map<String, String> roles, Set<String> special) {
        for (String role : ROLES) {
            json.field(role).ifPresent(token -> roles.put(role, content(token)));
        }
        special.addAll(roles.values());
        for (String role : MORE_ROLES) {
            json.field(role)
                    .ifPresent(list -> list.items().forEach(token -> special.add(content(token))));
        }
    }

    /** A token is a string, or an object that also says how it is found. */
    private static String content(Json token) {
        if (token.isString()) {
            return token.string();
        }
        for (String flag : List.of("lstrip", "rstrip", "single_word")) {
            requireFalse(token, flag);
        }
        return token.require("content").string();
    }

    OptionalInt endOfTextId() {
        return endOfText == null ? OptionalInt.empty() : OptionalInt.of(special.get(endOfText));
    }

    /** Writes the files into a folder; the first two only, if they say everything. */
    void write(Path folder) throws IOException {
        writeIds(folder.resolve(VOCABULARY), vocabulary);
        String lines = VERSION_LINE + "\n" + String.join("\n", merges) + "\n";
        AtomicFile.writeStream(
                folder.resolve(MERGES), out -> out.write(lines.getBytes(StandardCharsets.UTF_8)));
        Map<String, Integer> more = new LinkedHashMap<>(special);
        more.keySet().removeAll(vocabulary.keySet());
        more.putAll(added);
        if (!more.isEmpty()) {
            writeIds(folder.resolve(ADDED), more);
        }
        boolean plain = special.isEmpty() || special.keySet().equals(Set.of(END_OF_TEXT));
        if (!plain) {
            writeJson(
                    folder.resolve(SPECIAL),
                    json -> {
                        json.beginObject();
                        if (endOfText != null) {
                            json.name(END_OF_TEXT_ROLE).value(endOfText);
                        }
                        json.name(MORE_ROLES.get(0)).beginArray();
                        for (String token : special.keySet()) {
                            json.value(token);
                        }
                        json.endArray().endObject();
                    });
        }
    }

    private static void writeIds(Path file, Map<String, Integer> ids) throws IOException {
        writeJson(
                file,
                json -> {
                    json.beginObject();
                    for (Map.Entry<String, Integer> entry : ids.entrySet()) {
                        json.name(entry.getKey()).value(entry.getValue());
                    }
                    json.endObject();
                });
    }

    private static void writeJson(Path file, JsonContent content) throws IOException {
        AtomicFile.writeStream(
                file,
                out -> {
                    JsonWriter json =
                            new JsonWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
                    content.writeTo(json);
                    json.flush();
                });
    }

    /** What goes into a JSON file. */
    @FunctionalInterface
    private interface JsonContent {

        void writeTo(JsonWriter json) throws IOException;
    }

    /**
     * Makes the encoding that the files describe.
     *
     * @param source the folder, for messages
     * @throws IllegalArgumentException if the files contradict each other, naming both
     */
    BytePairs pairs(Path source) {
        Map<String, Integer> all = new LinkedHashMap<>(vocabulary);
        for (Map<String, Integer> more : List.of(added, special)) {
            more.forEach(
                    (token, id) -> {
                        if (!id.equals(all.getOrDefault(token, id))) {
                            throw contradiction(
                                    source, "token \"%s\" has ids %d and %d", token, all.get(token), id);
                        }
                        all.put(token, id);
                    });
        }
        byte[][] bytes = new byte[all.size()][];
        BytePairs pairs = new BytePairs(bytes);
        Set<Integer> made = new HashSet<>();
        all.forEach(
                (token, id) -> {
                    if (id >= bytes.length || bytes[id] != null) {
                        throw contradiction(
                                source,
                                "token \"%s\" has id=%d, but the ids of %d tokens must be 0 to %d,"
                                        + " each once",
                                token, id, bytes.length, bytes.length - 1);
                    }
                    boolean text = !added.containsKey(token) && !special.containsKey(token);
                    bytes[id] =
                            ByteAlphabet.bytes(token)
                                    .filter(spelled -> text)
                                    .orElseGet(() -> token.getBytes(StandardCharsets.UTF_8));
                    if (text && token.length() == 1 && bytes[id].length == 1) {
                        pairs.setByte(bytes[id][0], id);
                    }
                    if (!text || token.length() == 1 || token.matches("<.*>|\\[.*]")) {
                        made.add(id);
                    }
                });
        for (int i = 0; i < merges.size(); i++) {
            String[] parts = merges.get(i).split(" ", -1);
            Integer left = vocabulary.get(parts[0]);
            Integer right = vocabulary.get(parts[parts.length - 1]);
            Integer result = parts.length == 2 ? vocabulary.get(parts[0] + parts[1]) : null;
            if (left == null || right == null || result == null) {
                throw contradiction(
                        source,
                        "merge %d is \"%s\", which is not two tokens that make a third",
                        i + 1, merges.get(i));
            }
            if (!pairs.add(new BytePairs.Merge(left, right, result))) {
                throw contradiction(source, "merge %d, \"%s\", comes twice", i + 1, merges.get(i));
            }
            made.add(result);
        }
        for (Map.Entry<String, Integer> token : all.entrySet()) {
            if (!made.contains(token.getValue())) {
                throw contradiction(
                        source,
                        "token \"%s\" of id %d is made by no merge; if it should not be, list it in"
                                + " " + ADDED,
                        token.getKey(), token.getValue());
            }
        }
        return pairs;
    }

    private static IllegalArgumentException contradiction(
            Path source, String reason, Object... values) {
        return new IllegalArgumentException(
                "%s and %s are cut or do not belong together: "
                                .formatted(source.resolve(VOCABULARY), source.resolve(MERGES))
                        + reason.formatted(values));
    }
}
