package org.djlgpt.notebooks;

import com.google.gson.FormattingStyle;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.io.AtomicFile;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A notebook file, read and written as Jupyter does: nbformat 4, indented by 1, keys sorted. */
final class Notebook {

    private static final Gson JUPYTER =
            new GsonBuilder()
                    .setFormattingStyle(FormattingStyle.PRETTY.withIndent(" "))
                    .disableHtmlEscaping()
                    .serializeNulls()
                    .create();

    private final JsonObject json;

    private Notebook(JsonObject json) {
        this.json = json;
    }

    /** Finds the notebooks in a folder, or takes one file. */
    static List<Path> in(Path folderOrFile) {
        try (Stream<Path> files = Files.walk(folderOrFile, 1)) {
            return files.filter(file -> file.toString().endsWith(".ipynb")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Notebook read(Path file) throws IOException {
        return parse(Files.readString(file));
    }

    static Notebook parse(String text) {
        return new Notebook(JsonParser.parseString(text).getAsJsonObject());
    }

    void write(Path file) throws IOException {
        AtomicFile.writeStream(file, out -> out.write(toString().getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Returns the cells to execute, in order; what is recorded in them is written with the file.
     */
    List<CodeCell> codeCells() {
        return StreamSupport.stream(json.getAsJsonArray("cells").spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .filter(cell -> cell.get("cell_type").getAsString().equals("code"))
                .map(CodeCell::new)
                .toList();
    }

    /** Says which Java has executed the cells, as a kernel does. */
    void recordJava(Runtime.Version version) {
        json.getAsJsonObject("metadata")
                .getAsJsonObject("language_info")
                .addProperty("version", version.toString());
    }

    /** Returns the text of the file. */
    @Override
    public String toString() {
        return JUPYTER.toJson(sorted(json)) + "\n";
    }

    private static JsonElement sorted(JsonElement element) {
        if (element.isJsonArray()) {
            JsonArray array = new JsonArray();
            element.getAsJsonArray().forEach(item -> array.add(sorted(item)));
            return array;
        }
        if (!element.isJsonObject()) {
            return element;
        }
        JsonObject object = new JsonObject();
        new TreeMap<>(element.getAsJsonObject().asMap())
                .forEach((key, value) -> object.add(key, sorted(value)));
        return object;
    }
}
