package org.djlgpt.text;

import org.djlgpt.io.Json;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The tokens of a Hugging Face folder that no merge makes: those of {@code added_tokens.json},
 * {@code special_tokens_map.json} and {@code tokenizer_config.json}.
 *
 * @param text the ids of tokens that are found in any text before it is cut into words
 * @param special the ids of tokens that stand for no text
 * @param endOfText the special token that ends a document, or null
 */
record AddedTokens(Map<String, Integer> text, Map<String, Integer> special, String endOfText) {

    static final String IDS = "added_tokens.json";
    static final String ROLES = "special_tokens_map.json";
    static final String CONFIG = "tokenizer_config.json";
    private static final int MAX_BYTES = 100_000_000;

    /** GPT-2's special token. */
    static final String END_OF_TEXT = "<|endoftext|>";

    private static final String CLASS = "tokenizer_class";
    static final String ENDS_TEXT = "eos_token";

    /** What GPT-2's only special token is called. */
    static final List<String> GPT2_ROLES = List.of(ENDS_TEXT, "bos_token", "unk_token");

    private static final List<String> SINGLE_ROLES =
            Stream.concat(
                            GPT2_ROLES.stream(),
                            Stream.of("pad_token", "sep_token", "cls_token", "mask_token"))
                    .toList();
    static final String OTHERS = "additional_special_tokens";

    /** Returns GPT-2's: one special token. */
    static AddedTokens endOfText(int id) {
        return new AddedTokens(Map.of(), Map.of(END_OF_TEXT, id), END_OF_TEXT);
    }

    /**
     * Reads the files of a folder, none of which needs to be there.
     *
     * @param vocabulary the ids that other files give to tokens
     * @throws IllegalArgumentException if a file is malformed
     */
    static AddedTokens read(Path folder, Map<String, Integer> vocabulary) throws IOException {
        return read(folder, vocabulary, Map.of(), Set.of());
    }

    /**
     * Reads the files of a folder, none of which needs to be there, after another that has added
     * tokens as well.
     *
     * @param vocabulary the ids that other files give to tokens
     * @param added the ids of the tokens that the other file adds
     * @param addedSpecial those of them that are special
     * @throws IllegalArgumentException if a file is malformed
     */
    static AddedTokens read(
            Path folder,
            Map<String, Integer> vocabulary,
            Map<String, Integer> added,
            Set<String> addedSpecial)
            throws IOException {
        Map<String, Integer> ids = new LinkedHashMap<>(added);
        Set<String> special = new LinkedHashSet<>(addedSpecial);
        Map<String, String> roles = new LinkedHashMap<>();
        if (Files.exists(folder.resolve(IDS))) {
            ids.putAll(readIds(folder.resolve(IDS)));
        }
        for (String name : List.of(CONFIG, ROLES)) {
            if (Files.exists(folder.resolve(name))) {
                Json json = Json.read(folder.resolve(name), MAX_BYTES);
                readEntries(json, ids, special);
                readRoles(json, roles, special);
            }
        }
        if (vocabulary.containsKey(END_OF_TEXT) || ids.containsKey(END_OF_TEXT)) {
            roles.putIfAbsent(ENDS_TEXT, END_OF_TEXT);
            special.add(END_OF_TEXT);
        }
        Map<String, Integer> specialIds = new LinkedHashMap<>();
        for (String token : special) {
            Integer id = ids.containsKey(token) ? ids.remove(token) : vocabulary.get(token);
            if (id == null) {
                throw new IllegalArgumentException(
                        "%s has the special token \"%s\", which has no id; add it to %s"
                                .formatted(folder, token, IDS));
            }
            specialIds.put(token, id);
        }
        return new AddedTokens(ids, specialIds, roles.get(ENDS_TEXT));
    }

    /**
     * Requires tokens to add that differ from each other and from those that are there.
     *
     * @throws IllegalArgumentException if there are none, or one is empty, no Unicode text or
     *     known, or begins or ends with white space, as words do
     */
    static void requireNew(List<String> tokens, Collection<String> known) {
        if (tokens.isEmpty()) {
            throw new IllegalArgumentException(
                    "there are no special tokens; give at least one, such as " + END_OF_TEXT);
        }
        Set<String> all = new HashSet<>(known);
        for (String token : tokens) {
            TokenizerInput.requireText(token);
            if (!token.equals(token.strip())) {
                throw new IllegalArgumentException(
                        "the special token \"%s\" begins or ends with white space, as texts do; write it without"
                                .formatted(token));
            }
            if (token.isEmpty() || !all.add(token)) {
                throw new IllegalArgumentException(
                        "the special token \"%s\" is %s; leave it out"
                                .formatted(
                                        token,
                                        token.isEmpty() ? "empty" : "in the vocabulary already"));
            }
        }
    }

    /** Reads an object of tokens and ids. */
    static Map<String, Integer> readIds(Path file) throws IOException {
        Map<String, Integer> ids = new LinkedHashMap<>();
        Json.read(file, MAX_BYTES)
                .fields()
                .forEach((token, id) -> ids.put(token, (int) id.wholeNumber(Integer.MAX_VALUE)));
        return ids;
    }

    /**
     * Requires that the files of a folder ask for nothing but what GPT-2's tokenizer does: others
     * have files of the same names, and other ids.
     */
    static void requireGpt2(Path folder) throws IOException {
        for (String name : List.of(CONFIG, ROLES)) {
            if (Files.exists(folder.resolve(name))) {
                requireGpt2(Json.read(folder.resolve(name), MAX_BYTES));
            }
        }
    }

    private static void requireGpt2(Json config) {
        config.field(CLASS)
                .filter(type -> !isGpt2(type))
                .ifPresent(
                        type -> {
                            throw type.malformed(
                                    "%s is %s, but without %s only GPT2Tokenizer is supported; in"
                                        + " Python, AutoTokenizer.from_pretrained(folder) and its"
                                        + " save_pretrained(folder) write that file",
                                    type.place(), type, TokenizerJson.FILE);
                        });
        requireFalse(config, "add_prefix_space", "add_bos_token");
        tokens(config)
                .filter(token -> !token.isString())
                .forEach(token -> requireFalse(token, "lstrip", "rstrip", "single_word"));
    }

    /** Tells whether a folder says that it is GPT-2's tokenizer, or says nothing. */
    static boolean mayBeGpt2(Path folder) throws IOException {
        Path config = folder.resolve(CONFIG);
        return !Files.exists(config)
                || Json.read(config, MAX_BYTES).field(CLASS).map(AddedTokens::isGpt2).orElse(true);
    }

    private static boolean isGpt2(Json tokenizerClass) {
        return tokenizerClass.string().matches("GPT2Tokenizer(Fast)?");
    }

    private static Stream<Json> tokens(Json config) {
        return Stream.of(
                        SINGLE_ROLES.stream().flatMap(role -> config.field(role).stream()),
                        config.field(OTHERS).stream().flatMap(tokens -> tokens.items().stream()),
                        entries(config).values().stream())
                .flatMap(tokens -> tokens);
    }

    private static Map<String, Json> entries(Json config) {
        return config.field("added_tokens_decoder").map(Json::fields).orElse(Map.of());
    }

    private static void requireFalse(Json json, String... names) {
        for (String name : names) {
            json.field(name)
                    .filter(Json::flag)
                    .ifPresent(
                            flag -> {
                                throw flag.malformed(
                                        "%s is true, but only false is supported", flag.place());
                            });
        }
    }

    private static void readEntries(Json config, Map<String, Integer> ids, Set<String> special) {
        for (Map.Entry<String, Json> entry : entries(config).entrySet()) {
            Json token = entry.getValue();
            String content = content(token);
            if (!entry.getKey().matches("[0-9]{1,9}")) {
                throw token.malformed("%s is no token id", token.place());
            }
            Integer id = Integer.valueOf(entry.getKey());
            Integer other = ids.put(content, id);
            if (other != null && !other.equals(id)) {
                throw token.malformed(
                        "token \"%s\" has id=%d here and %d in another file", content, id, other);
            }
            if (token.field("special").map(Json::flag).orElse(false)) {
                special.add(content);
            }
        }
    }

    private static void readRoles(Json json, Map<String, String> roles, Set<String> special) {
        for (String role : SINGLE_ROLES) {
            json.field(role).ifPresent(token -> roles.put(role, content(token)));
        }
        special.addAll(roles.values());
        json.field(OTHERS)
                .ifPresent(tokens -> tokens.items().forEach(token -> special.add(content(token))));
    }

    /** A token is a string, or an object that also says how it is found. */
    private static String content(Json token) {
        return (token.isString() ? token : token.require("content")).string();
    }

    /** Returns these and further special ones, whose ids follow those of a vocabulary. */
    AddedTokens withSpecial(List<String> tokens, int vocabSize) {
        Map<String, Integer> more = new LinkedHashMap<>(special);
        for (String token : tokens) {
            more.put(token, vocabSize + more.size() - special.size());
        }
        return new AddedTokens(text, more, endOfText);
    }
}
