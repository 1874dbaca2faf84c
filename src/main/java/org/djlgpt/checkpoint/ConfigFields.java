package org.djlgpt.checkpoint;

import org.djlgpt.io.Json;
import org.djlgpt.nn.IllegalParameterException;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The fields of a {@code config.json}, as a {@link ModelFormat} asks for them. It remembers which
 * were asked for: the others have no part in the computation.
 */
final class ConfigFields {

    /** Where a file says what the library calls a parameter, by the names of all families. */
    private static final Map<String, List<String>> KEYS =
            Map.of(
                    "vocabSize", List.of("vocab_size"),
                    "contextLength", List.of("n_positions", "max_position_embeddings"),
                    "embeddingDim", List.of("n_embd", "hidden_size"),
                    "hiddenDim", List.of("n_inner", "intermediate_size"),
                    "numHeads", List.of("n_head", "num_attention_heads"),
                    "numKeyValueHeads", List.of("num_key_value_heads"),
                    "headDim", List.of("head_dim"),
                    "numLayers", List.of("n_layer", "num_hidden_layers"),
                    "slidingWindow", List.of("sliding_window"),
                    "ropeBase", List.of("rope_theta"));

    private final Json json;
    private final Float dropout;
    private final Set<String> known = new LinkedHashSet<>();
    private final Map<String, Json> overruled = new LinkedHashMap<>();

    /**
     * Makes the fields.
     *
     * @param dropout takes the place of every dropout in the file; null for none
     */
    ConfigFields(Json json, Float dropout) {
        this.json = json;
        this.dropout = dropout;
    }

    /**
     * Returns a field.
     *
     * @param key its name
     * @param aliases names by which other programs know it
     * @return the value, or empty if there is none or it is null
     * @throws IllegalArgumentException if it is there by two names with different values
     */
    Optional<Json> value(String key, String... aliases) {
        known.add(key);
        Optional<Json> value = json.field(key);
        for (String alias : aliases) {
            known.add(alias);
            Optional<Json> other = json.field(alias);
            if (value.isPresent() && other.isPresent() && !value.get().isSame(other.get())) {
                throw json.malformed(
                        "%s is %s, but %s, another name for it, is %s; delete the wrong one",
                        key, value.get(), alias, other.get());
            }
            value = value.isPresent() ? value : other;
        }
        return value;
    }

    /** Returns a size that must be there. */
    int size(String key, String... aliases) {
        Optional<Json> value = value(key, aliases);
        return value.map(size -> whole(key, size)).orElseGet(() -> whole(key, json.require(key)));
    }

    /** Returns a size that may be missing. */
    int size(String key, int missing) {
        return value(key).map(size -> whole(key, size)).orElse(missing);
    }

    private static int whole(String key, Json value) {
        try {
            return value.number().intValueExact();
        } catch (ArithmeticException e) {
            throw (IllegalArgumentException)
                    value.malformed("%s is %s, but must be a positive integer", key, value)
                            .initCause(e);
        }
    }

    double number(String key, double missing) {
        return value(key).map(value -> value.number().doubleValue()).orElse(missing);
    }

    /** Returns a dropout rate: the one that was asked for instead, or the file's. */
    float dropout(String key, double missing) {
        Optional<Json> stored = value(key);
        if (dropout != null) {
            return dropout;
        }
        return stored.map(rate -> rate.number().floatValue()).orElse((float) missing);
    }

    boolean flag(String key, boolean missing) {
        return value(key).map(Json::flag).orElse(missing);
    }

    String string(String key, String missing) {
        return value(key).map(Json::string).orElse(missing);
    }

    /**
     * Refuses a field that changes the numbers in a way that is not computed.
     *
     * @param expected the one value that is, which a missing field means, too
     */
    void require(String key, Object expected) {
        value(key)
                .filter(value -> !says(value, expected))
                .ifPresent(
                        value -> {
                            throw json.malformed(
                                    "%s is %s, but only %s is supported", key, value, expected);
                        });
    }

    private static boolean says(Json value, Object expected) {
        if (expected instanceof Number number) {
            return value.number().doubleValue() == number.doubleValue();
        }
        return expected instanceof Boolean flag
                ? value.flag() == flag
                : value.isString() && value.string().equals(expected);
    }

    /** Refuses fields that ask for what is not computed, whatever they say. */
    void refuse(String... keys) {
        for (String key : keys) {
            value(key)
                    .ifPresent(
                            value -> {
                                throw json.malformed("%s is %s, but is not supported", key, value);
                            });
        }
    }

    /** Makes something of fields, whose complaints then name the file and the fields. */
    <T> T checked(Supplier<T> value) {
        try {
            return value.get();
        } catch (IllegalParameterException e) {
            throw (IllegalArgumentException) malformed("%s", e.message(this::key)).initCause(e);
        } catch (IllegalArgumentException e) {
            throw (IllegalArgumentException) malformed("%s", e.getMessage()).initCause(e);
        }
    }

    private String key(String parameter) {
        return KEYS.getOrDefault(parameter, List.of()).stream()
                .filter(json.fields()::containsKey)
                .findFirst()
                .orElse(parameter);
    }

    IllegalArgumentException malformed(String reason, Object... values) {
        return json.malformed(reason, values);
    }

    /** Takes the value of a field that has no part in the computation from another file. */
    void overrule(String key, Json value) {
        overruled.put(key, value);
    }

    /** Returns what was not asked for, as JSON by name. */
    Map<String, String> others() {
        Map<String, Json> values = new LinkedHashMap<>(json.fields());
        values.putAll(overruled);
        Map<String, String> others = new LinkedHashMap<>();
        values.forEach(
                (key, value) -> {
                    if (!known.contains(key) && !value.isNull()) {
                        others.put(key, value.toJson());
                    }
                });
        return others;
    }
}
