package org.djlgpt.text;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;

import org.djlgpt.io.FileProblem;
import org.djlgpt.io.Json;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What {@code tokenizer.json} says, the file of Hugging Face's tokenizers library: a normalizer and
 * a pre-tokenizer, which prepare a text, a model with a vocabulary and merges, tokens that are
 * found before all that, and a decoder.
 *
 * @param file where it is from
 * @param content its bytes
 * @param added the tokens that no merge makes
 * @param entries what the file says of how each of them is found
 * @param tokens the bytes that each id stands for, none for an id without a token
 * @param stripsSpace whether the space that is put before a text is taken from it in decoding
 * @param isExact whether decoding undoes all that is done to a text before it is cut
 */
record TokenizerJson(
        Path file,
        byte[] content,
        AddedTokens added,
        Map<String, Json> entries,
        byte[][] tokens,
        boolean stripsSpace,
        boolean isExact) {

    static final String FILE = "tokenizer.json";

    static final int MAX_BYTES = 100_000_000;

    /** A vocabulary has a million tokens at most; ids may leave room between them. */
    private static final int MAX_IDS = 10_000_000;

    static final String MERGES = "$.model.merges";
    static final String VOCABULARY = "$.model.vocab";

    /** What only other ways of use need: batches, pairs of texts, decoding, merges at random. */
    private static final Set<String> NOT_FOR_ENCODING =
            Set.of(
                    "$.added_tokens",
                    "$.truncation",
                    "$.padding",
                    "$.post_processor",
                    "$.decoder",
                    "$.model.dropout");

    /** How a token that is added is found in a text. */
    static final List<String> FLAGS = List.of("single_word", "lstrip", "rstrip", "normalized");

    /**
     * Reads the file of a folder, and beside it those of {@link AddedTokens}.
     *
     * @throws IllegalArgumentException if it is missing or malformed, or its tokens can't be turned
     *     back into text one by one
     */
    static TokenizerJson read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        FileProblem.requireReadable(file);
        byte[] content = Json.readBytes(file, MAX_BYTES);
        Json json = Json.parse(file, content, MERGES);
        Json model = json.require("model");
        requireBpe(model);
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        model.require("vocab").fields().forEach((token, id) -> vocabulary.put(token, id(id)));
        Map<String, Json> entries = entries(json);
        AddedTokens added = added(folder, vocabulary, entries);
        TokenDecoder decoder = TokenDecoder.read(json.require("decoder"));
        return new TokenizerJson(
                file,
                content,
                added,
                entries,
                bytes(json, vocabulary, added, decoder),
                decoder.stripsSpace(),
                TextPreparation.read(json, decoder).isExact() && keepsSpace(added, entries));
    }

    private static void requireBpe(Json model) {
        String type = model.require("type").string();
        if (!type.equals("BPE")) {
            throw model.malformed("$.model.type is \"%s\", but only BPE is supported", type);
        }
        for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            model.field(affix)
                    .filter(text -> !text.string().isEmpty())
                    .ifPresent(
                            text -> {
                                throw text.malformed(
                                        "%s is %s, but only tokens without it are supported",
                                        text.place(), text);
                            });
        }
    }

    static int id(Json id) {
        return (int) id.wholeNumber(MAX_IDS - 1);
    }

    /** Returns what the file says of each token that it adds. */
    static Map<String, Json> entries(Json json) {
        Map<String, Json> entries = new LinkedHashMap<>();
        for (Json token : json.field("added_tokens").map(Json::items).orElse(List.of())) {
            String text = token.require("content").string();
            if (text.isEmpty() || entries.put(text, token) != null) {
                throw token.malformed("%s is empty or comes twice", token.place());
            }
        }
        return entries;
    }

    private static AddedTokens added(
            Path folder, Map<String, Integer> vocabulary, Map<String, Json> entries)
            throws IOException {
        Map<String, Integer> ids = new LinkedHashMap<>();
        Set<String> special = new LinkedHashSet<>();
        entries.forEach(
                (text, token) -> {
                    ids.put(text, id(token.require("id")));
                    if (flag(token, "special", false)) {
                        special.add(text);
                    }
                });
        return AddedTokens.read(folder, vocabulary, ids, special);
    }

    private static byte[][] bytes(
            Json json, Map<String, Integer> vocabulary, AddedTokens added, TokenDecoder decoder) {
        Map<String, Integer> whole = new LinkedHashMap<>(added.text());
        whole.putAll(added.special());
        Map<String, Integer> ids = new LinkedHashMap<>(vocabulary);
        whole.forEach(
                (token, id) -> {
                    Integer other = ids.put(token, id);
                    if (id >= MAX_IDS || other != null && !other.equals(id)) {
                        throw json.malformed(
                                "token \"%s\" has id=%d, but must have the same in all files, and"
                                        + " one below %d",
                                token, id, MAX_IDS);
                    }
                });
        int size = ids.values().stream().mapToInt(id -> id + 1).max().orElse(0);
        if (size == 0) {
            throw json.malformed("%s has no tokens", VOCABULARY);
        }
        byte[][] bytes = new byte[size][];
        ids.forEach(
                (token, id) -> {
                    if (bytes[id] != null) {
                        throw json.malformed("id %d is that of two tokens, \"%s\" too", id, token);
                    }
                    bytes[id] =
                            whole.containsKey(token)
                                    ? token.getBytes(StandardCharsets.UTF_8)
                                    : decoder.bytes(token);
                });
        for (int id = 0; id < size; id++) {
            bytes[id] = bytes[id] == null ? new byte[0] : bytes[id];
        }
        return bytes;
    }

    /**
     * Returns what the file says once it has further special tokens, whose ids follow the others.
     *
     * @throws IllegalArgumentException if one is known, or ids are missing, so that Hugging Face's
     *     library would give the new tokens others
     */
    TokenizerJson withSpecial(List<String> more) {
        Set<String> known = new HashSet<>();
        for (int id = 0; id < tokens.length; id++) {
            if (!known.add(new String(tokens[id], StandardCharsets.UTF_8))
                    && tokens[id].length == 0) {
                throw new IllegalArgumentException(
                        "%s has no token of id %d, so none can be added behind it"
                                .formatted(file, id));
            }
        }
        AddedTokens.requireNew(more, known);
        byte[][] bytes = Arrays.copyOf(tokens, tokens.length + more.size());
        for (int i = 0; i < more.size(); i++) {
            bytes[tokens.length + i] = more.get(i).getBytes(StandardCharsets.UTF_8);
        }
        AddedTokens special = added.withSpecial(more, tokens.length);
        return new TokenizerJson(file, content, special, entries, bytes, stripsSpace, isExact);
    }

    private static boolean keepsSpace(AddedTokens added, Map<String, Json> entries) {
        return entries.entrySet().stream()
                .filter(entry -> added.text().containsKey(entry.getKey()))
                .noneMatch(
                        entry ->
                                flag(entry.getValue(), "lstrip", false)
                                        || flag(entry.getValue(), "rstrip", false));
    }

    /** Returns the parts of a field, which needs not be there. */
    static List<Json> parts(Json json, String name, String names) {
        return json.field(name).map(part -> parts(part, names)).orElse(List.of());
    }

    /** Returns the parts of a sequence, those of sequences in it, too, or else what is given. */
    static List<Json> parts(Json part, String names) {
        return isType(part, "Sequence")
                ? part.require(names).items().stream()
                        .flatMap(item -> parts(item, names).stream())
                        .toList()
                : List.of(part);
    }

    static boolean isType(Json part, String type) {
        return part.require("type").string().equals(type);
    }

    static boolean flag(Json json, String name, boolean otherwise) {
        return json.field(name).map(Json::flag).orElse(otherwise);
    }

    /**
     * Returns the file's text with what encoding needs, and the added tokens of all files.
     *
     * @param withSpecial whether special tokens are found in a text
     * @throws IllegalArgumentException if a string in it is no Unicode text
     */
    String encoder(boolean withSpecial) {
        Map<String, Integer> whole = new LinkedHashMap<>(added.text());
        if (withSpecial) {
            whole.putAll(added.special());
        }
        StringWriter text = new StringWriter(content.length);
        try (JsonReader in =
                        new JsonReader(
                                new InputStreamReader(
                                        new ByteArrayInputStream(content),
                                        StandardCharsets.UTF_8));
                JsonWriter out = new JsonWriter(text)) {
            copy(in, out, whole);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": can't be read twice", e);
        }
        return text.toString();
    }

    private void copy(JsonReader in, JsonWriter out, Map<String, Integer> whole)
            throws IOException {
        switch (in.peek()) {
            case BEGIN_OBJECT -> copyObject(in, out, whole);
            case BEGIN_ARRAY -> {
                in.beginArray();
                out.beginArray();
                while (in.hasNext()) {
                    copy(in, out, whole);
                }
                in.endArray();
                out.endArray();
            }
            case STRING -> out.value(unicode(in.nextString()));
            case NUMBER -> out.jsonValue(in.nextString());
            case BOOLEAN -> out.value(in.nextBoolean());
            default -> {
                in.nextNull();
                out.nullValue();
            }
        }
    }

    private void copyObject(JsonReader in, JsonWriter out, Map<String, Integer> whole)
            throws IOException {
        String place = in.getPath();
        Set<String> names = new HashSet<>();
        in.beginObject();
        out.beginObject();
        while (in.hasNext()) {
            String name = unicode(in.nextName());
            if (NOT_FOR_ENCODING.contains(in.getPath())) {
                in.skipValue();
                continue;
            }
            names.add(name);
            out.name(name);
            copy(in, out, whole);
        }
        in.endObject();
        if (place.equals("$")) {
            writeAdded(out, whole);
        } else if (place.equals(VOCABULARY)) {
            for (Map.Entry<String, Integer> token : whole.entrySet()) {
                if (!names.contains(token.getKey())) { // the library numbers others itself
                    out.name(unicode(token.getKey())).value(token.getValue());
                }
            }
        }
        out.endObject();
    }

    private void writeAdded(JsonWriter out, Map<String, Integer> whole) throws IOException {
        out.name("added_tokens").beginArray();
        for (Map.Entry<String, Integer> token : whole.entrySet()) {
            out.beginObject().name("id").value(token.getValue());
            out.name("content").value(unicode(token.getKey()));
            out.name("special").value(added.special().containsKey(token.getKey()));
            Json entry = entries.get(token.getKey());
            for (String flag : FLAGS) {
                out.name(flag).value(entry != null && flag(entry, flag, false));
            }
            out.endObject();
        }
        out.endArray();
    }

    private String unicode(String text) {
        try {
            TokenizerInput.requireText(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
        return text;
    }
}
