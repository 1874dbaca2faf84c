package org.djlgpt.io;

import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * A value of a JSON text, which knows where it stands.
 *
 * <p>Texts may come from strangers, so reading is strict: UTF-8 that is well formed, names of an
 * object that differ, numbers that keep all their digits, at most 64 levels and a million values.
 * Whatever is wrong, in the text or with a value that is asked for, is an {@link
 * IllegalArgumentException} that names the file, the place, such as {@code $.shape[1]}, and the
 * reason.
 */
public final class Json {

    private static final int MAX_DEPTH = 64;
    private static final int MAX_VALUES = 1_000_000;

    /** More than that of any double; a number of a billion digits takes as much memory. */
    private static final int MAX_EXPONENT = 400;

    private final Path file;
    private final String place;
    private final JsonToken type;
    private final String text; // of a string, a number, true, false or null
    private final Map<String, Json> fields;
    private final List<Json> items;

    private Json(
            Path file,
            String place,
            JsonToken type,
            String text,
            Map<String, Json> fields,
            List<Json> items) {
        this.file = file;
        this.place = place;
        this.type = type;
        this.text = text;
        this.fields = fields;
        this.items = items;
    }

    /**
     * Reads a file that is one JSON value.
     *
     * @param file the file
     * @param maxBytes the largest size that such a file may have
     * @return the value
     * @throws IllegalArgumentException if the file is larger or no JSON
     * @throws IOException if it can't be read
     */
    public static Json read(Path file, int maxBytes) throws IOException {
        return parse(file, readBytes(file, maxBytes));
    }

    /**
     * Reads the bytes of a file that should be JSON.
     *
     * @param file the file
     * @param maxBytes the largest size that such a file may have
     * @return its bytes
     * @throws IllegalArgumentException if the file is larger
     * @throws IOException if it can't be read
     */
    public static byte[] readBytes(Path file, int maxBytes) throws IOException {
        long bytes = Files.size(file);
        if (bytes > maxBytes) {
            throw new IllegalArgumentException(
                    "%s: has %d bytes, the limit is %d; is it a JSON file?"
                            .formatted(file, bytes, maxBytes));
        }
        return Files.readAllBytes(file);
    }

    /**
     * Reads a text that is one JSON value.
     *
     * @param file where the text is from, for messages
     * @param utf8 the text
     * @param leftOut the places of fields that are too large to keep and not needed, such as {@code
     *     $.model.merges}; of them only the syntax is checked
     * @return the value
     * @throws IllegalArgumentException if it is no JSON
     */
    public static Json parse(Path file, byte[] utf8, String... leftOut) {
        return Parser.read(
                file,
                utf8,
                parser -> {
                    parser.leftOut = Set.of(leftOut);
                    return parser.value(0);
                });
    }

    /**
     * Reads a text that is one object, whose fields are not kept: for those that are too many.
     *
     * @param file where the text is from, for messages
     * @param utf8 the text
     * @param field takes a field's name and value, in the order of the text
     */
    static void parseFields(Path file, byte[] utf8, BiConsumer<String, Json> field) {
        Parser.read(
                file,
                utf8,
                parser -> {
                    parser.object(
                            0,
                            (name, value) -> {
                                parser.values = 0;
                                field.accept(name, value);
                            });
                    return null;
                });
    }

    /**
     * Returns the fields of an object.
     *
     * @return the values by name, in the order of the text, unmodifiable
     */
    public Map<String, Json> fields() {
        expect(JsonToken.BEGIN_OBJECT);
        return Collections.unmodifiableMap(fields);
    }

    /**
     * Returns a field of an object.
     *
     * @param name its name
     * @return the value, or empty if there is none or it is null
     */
    public Optional<Json> field(String name) {
        return Optional.ofNullable(fields().get(name)).filter(value -> !value.isNull());
    }

    /**
     * Returns a field that an object must have.
     *
     * @param name its name
     * @return the value, which may be null
     */
    public Json require(String name) {
        Json value = fields().get(name);
        if (value == null) {
            throw malformed("%s.%s is missing", place, name);
        }
        return value;
    }

    /**
     * Returns the values of an array.
     *
     * @return the values in order, unmodifiable
     */
    public List<Json> items() {
        expect(JsonToken.BEGIN_ARRAY);
        return Collections.unmodifiableList(items);
    }

    /**
     * Returns whether this is an array.
     *
     * @return true for an array, false for all else
     */
    public boolean isArray() {
        return type == JsonToken.BEGIN_ARRAY;
    }

    /**
     * Returns a string.
     *
     * @return its characters, any surrogates included
     */
    public String string() {
        expect(JsonToken.STRING);
        return text;
    }

    /**
     * Returns whether this is a string.
     *
     * @return true for a string, false for all else
     */
    public boolean isString() {
        return type == JsonToken.STRING;
    }

    /**
     * Returns whether this is a number.
     *
     * @return true for a number, however large, false for all else
     */
    public boolean isNumber() {
        return type == JsonToken.NUMBER;
    }

    /**
     * Returns whether this is null.
     *
     * @return true for null, false for all else
     */
    public boolean isNull() {
        return type == JsonToken.NULL;
    }

    /**
     * Returns a truth value.
     *
     * @return what it says
     */
    public boolean flag() {
        if (type != JsonToken.BOOLEAN) {
            throw malformed("%s is %s, but must be true or false", place, this);
        }
        return Boolean.parseBoolean(text);
    }

    /**
     * Returns a number.
     *
     * @return its exact value, with an exponent of at most 400
     */
    public BigDecimal number() {
        try {
            if (type == JsonToken.NUMBER) {
                BigDecimal number = new BigDecimal(text);
                if (Math.abs(number.scale()) <= MAX_EXPONENT) {
                    return number;
                }
            }
        } catch (NumberFormatException e) {
            // an exponent out of range, too
        }
        throw malformed("%s is %s, but must be a number with a small exponent", place, this);
    }

    /**
     * Returns a number that is written in digits alone: neither 1e3 nor 2.0.
     *
     * @param max the largest that is allowed
     * @return the number, from 0 to {@code max}
     */
    public long wholeNumber(long max) {
        expect(JsonToken.NUMBER);
        try {
            if (text.matches("[0-9]+") && Long.parseLong(text) <= max) {
                return Long.parseLong(text);
            }
        } catch (NumberFormatException e) {
            // more than a long holds: as wrong as a fraction
        }
        throw malformed("%s is %s, which is no integer from 0 to %d", place, text, max);
    }

    /**
     * Returns where the text is from.
     *
     * @return the file, or a line of it, as messages name it
     */
    public Path file() {
        return file;
    }

    /**
     * Returns where this stands in its text.
     *
     * @return the place, {@code $} for the whole text
     */
    public String place() {
        return place;
    }

    /**
     * Makes the exception for a value that is well formed but not what it should be.
     *
     * @param reason what is wrong, as a format
     * @param values the values of the format
     * @return an exception that names the file before the reason
     */
    public IllegalArgumentException malformed(String reason, Object... values) {
        return malformed(file, reason, values);
    }

    private static IllegalArgumentException malformed(Path file, String reason, Object... values) {
        return new IllegalArgumentException(file + ": " + reason.formatted(values));
    }

    private void expect(JsonToken due) {
        if (type != due) {
            throw malformed("%s is %s where %s is due", place, words(type), words(due));
        }
    }

    private static String words(JsonToken type) {
        return switch (type) {
            case BEGIN_OBJECT -> "an object";
            case BEGIN_ARRAY -> "an array";
            case STRING -> "a string";
            case NUMBER -> "a number";
            case BOOLEAN -> "a truth value";
            default -> "null";
        };
    }

    /**
     * Returns whether two values say the same: numbers by value, not by how they are written.
     *
     * @param other the other value
     * @return whether they do
     */
    public boolean isSame(Json other) {
        boolean numbers = type == JsonToken.NUMBER && other.type == JsonToken.NUMBER;
        return numbers ? number().compareTo(other.number()) == 0 : toJson().equals(other.toJson());
    }

    /**
     * Returns the value as JSON.
     *
     * @return a text that reads as this value
     */
    public String toJson() {
        return switch (type) {
            case BEGIN_OBJECT ->
                    fields.entrySet().stream()
                            .map(e -> quoted(e.getKey()) + ":" + e.getValue().toJson())
                            .collect(Collectors.joining(",", "{", "}"));
            case BEGIN_ARRAY ->
                    items.stream().map(Json::toJson).collect(Collectors.joining(",", "[", "]"));
            case STRING -> quoted(text);
            default -> text;
        };
    }

    private static String quoted(String text) {
        return new JsonPrimitive(text).toString();
    }

    /**
     * Returns the value for a message.
     *
     * @return a number as it was written, a string in quotation marks
     */
    @Override
    public String toString() {
        return switch (type) {
            case BEGIN_OBJECT -> fields.toString();
            case BEGIN_ARRAY -> items.toString();
            case STRING -> '"' + text + '"';
            default -> text;
        };
    }

    /** Goes through a text once. */
    private static final class Parser {

        private final Path file;
        private final JsonReader json;
        private Set<String> leftOut = Set.of();
        private int values;

        private Parser(Path file, byte[] utf8) {
            this.file = file;
            // A new decoder reports malformed bytes; a charset would replace them.
            json =
                    new JsonReader(
                            new InputStreamReader(
                                    new ByteArrayInputStream(utf8),
                                    StandardCharsets.UTF_8.newDecoder()));
        }

        static <T> T read(Path file, byte[] utf8, Content<T> content) {
            Parser parser = new Parser(file, utf8);
            try {
                T result = content.read(parser);
                parser.json.peek(); // refuses anything but white space up to the end
                return result;
            } catch (IOException | IllegalStateException | NumberFormatException e) {
                // Gson reports a bad \\u escape as NumberFormatException in older releases.
                String reason = "its text is no JSON in UTF-8 from %s on";
                throw (IllegalArgumentException)
                        malformed(file, reason, parser.json.getPath()).initCause(e);
            }
        }

        Json value(int depth) throws IOException {
            String place = json.getPath();
            if (depth > MAX_DEPTH || ++values > MAX_VALUES) {
                throw malformed(
                        file,
                        "%s is too much; the limits are %d levels and %d values",
                        place,
                        MAX_DEPTH,
                        MAX_VALUES);
            }
            JsonToken type = json.peek();
            String text = null;
            Map<String, Json> fields = null;
            List<Json> items = null;
            switch (type) {
                case BEGIN_OBJECT -> {
                    fields = new LinkedHashMap<>();
                    object(depth, fields::put);
                }
                case BEGIN_ARRAY -> items = array(depth);
                case BOOLEAN -> text = String.valueOf(json.nextBoolean());
                case NULL -> {
                    json.nextNull();
                    text = "null";
                }
                default -> text = json.nextString();
            }
            return new Json(file, place, type, text, fields, items);
        }

        void object(int depth, BiConsumer<String, Json> field) throws IOException {
            Set<String> names = new HashSet<>();
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                if (!names.add(name)) {
                    throw malformed(file, "has %s twice; names must differ", json.getPath());
                }
                if (leftOut.contains(json.getPath())) {
                    json.skipValue();
                } else {
                    field.accept(name, value(depth + 1));
                }
            }
            json.endObject();
        }

        private List<Json> array(int depth) throws IOException {
            List<Json> items = new ArrayList<>();
            json.beginArray();
            while (json.hasNext()) {
                items.add(value(depth + 1));
            }
            json.endArray();
            return items;
        }
    }

    /** What is read out of a text. */
    @FunctionalInterface
    private interface Content<T> {

        T read(Parser parser) throws IOException;
    }
}
