package org.djlgpt.tuning;

import org.djlgpt.io.Json;
import org.djlgpt.jinja.JinjaTemplate;
import org.djlgpt.text.TextFile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The chat template of a model's folder, with the names of its special tokens.
 *
 * @param template the template
 * @param specialTokens what the template calls {@code bos_token}, {@code eos_token} and so on
 */
record JinjaChatTemplate(JinjaTemplate template, Map<String, String> specialTokens)
        implements ChatTemplate {

    private static final String FILE = "chat_template.jinja";
    private static final String CONFIG = "tokenizer_config.json";
    private static final String SPECIAL_TOKENS = "special_tokens_map.json";
    private static final String FIELD = "chat_template";
    private static final String DEFAULT = "default";
    private static final int MAX_BYTES = 100_000_000;

    private static final List<String> ROLES =
            List.of(
                    "bos_token",
                    "eos_token",
                    "unk_token",
                    "sep_token",
                    "pad_token",
                    "cls_token",
                    "mask_token");

    static Optional<ChatTemplate> find(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        if (Files.isRegularFile(file)) {
            return Optional.of(read(file, folder));
        }
        Path config = folder.resolve(CONFIG);
        if (!Files.isRegularFile(config)) {
            return Optional.empty();
        }
        Optional<Json> field = Json.read(config, MAX_BYTES).field(FIELD);
        if (field.isEmpty()) {
            return Optional.empty();
        }
        String source = source(field.get());
        return Optional.of(of(config + ", " + FIELD, source, folder));
    }

    static ChatTemplate read(Path file, Path folder) throws IOException {
        return of(file.toString(), TextFile.read(file), folder);
    }

    private static ChatTemplate of(String name, String source, Path folder) throws IOException {
        return new JinjaChatTemplate(JinjaTemplate.parse(name, source), specialTokens(folder));
    }

    /** A template, or several with names. */
    private static String source(Json field) {
        if (!field.isArray()) {
            return field.string();
        }
        Map<String, String> named = new LinkedHashMap<>();
        for (Json item : field.items()) {
            named.put(item.require("name").string(), item.require("template").string());
        }
        if (!named.containsKey(DEFAULT)) {
            throw field.malformed(
                    "%s has the templates %s, but none of the name \"%s\"",
                    field.place(), named.keySet(), DEFAULT);
        }
        return named.get(DEFAULT);
    }

    private static Map<String, String> specialTokens(Path folder) throws IOException {
        Map<String, String> tokens = new HashMap<>();
        for (String name : List.of(SPECIAL_TOKENS, CONFIG)) {
            if (Files.isRegularFile(folder.resolve(name))) {
                Json json = Json.read(folder.resolve(name), MAX_BYTES);
                for (String role : ROLES) {
                    json.field(role).ifPresent(token -> tokens.put(role, content(token)));
                }
            }
        }
        return tokens;
    }

    private static String content(Json token) {
        return (token.isString() ? token : token.require("content")).string();
    }

    @Override
    public String render(List<Message> messages, boolean addGenerationPrompt) {
        NamedTemplates.requireMessages(messages);
        Map<String, Object> variables = new HashMap<>(specialTokens);
        variables.put("messages", messages.stream().map(JinjaChatTemplate::fields).toList());
        variables.put("add_generation_prompt", addGenerationPrompt);
        variables.put("tools", null);
        variables.put("documents", null);
        return template.render(variables);
    }

    private static Map<String, String> fields(Message message) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("role", message.role());
        fields.put("content", message.content());
        return fields;
    }
}
