package org.djlgpt.text;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;

import org.djlgpt.io.AtomicFile;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.StringReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The file format of {@link CharTokenizer}. */
final class CharTokenizerJson {

    private static final String TYPE = "char";
    private static final String VERSION = "1";

    private CharTokenizerJson() {}

    static void write(Path file, String characters) throws IOException {
        AtomicFile.writeStream(
                file,
                out -> {
                    Writer text = new OutputStreamWriter(out, StandardCharsets.UTF_8);
                    JsonWriter json = new JsonWriter(text);
                    json.setIndent("  ");
                    json.beginObject();
                    json.name("type").value(TYPE);
                    json.name("version").value(Integer.parseInt(VERSION));
                    json.name("characters").value(characters);
                    json.endObject();
                    json.flush();
                });
    }

    static CharTokenizer read(Path file) throws IOException {
        String json = TextFile.read(file);
        try {
            return CharTokenizer.fromVocabulary(parse(new JsonReader(new StringReader(json))));
        } catch (IOException | IllegalStateException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    file + " is not the vocabulary of a character tokenizer: " + e.getMessage(), e);
        }
    }

    private static String parse(JsonReader json) throws IOException {
        String type = null;
        String version = null;
        String characters = null;
        json.beginObject();
        while (json.hasNext()) {
            String name = json.nextName();
            switch (name) {
                case "type" -> type = json.nextString();
                case "version" -> version = json.nextString();
                case "characters" -> characters = json.nextString();
                default -> throw new IllegalArgumentException("unknown field \"" + name + "\"");
            }
        }
        json.endObject();
        if (json.peek() != JsonToken.END_DOCUMENT) {
            throw new IllegalArgumentException("text after the end of the object");
        }
        require("type", TYPE, type);
        require("version", VERSION, version);
        if (characters == null) {
            throw new IllegalArgumentException("field \"characters\" is missing");
        }
        return characters;
    }

    private static void require(String field, String expected, String actual) {
        if (!expected.equals(actual)) {
            throw new IllegalArgumentException(
                    "field \"" + field + "\" is " + actual + "; expected " + expected);
        }
    }
}
