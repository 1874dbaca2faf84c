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
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BiConsumer;
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

    /** Far more than any cell needs, so that only one that never ends is stopped. */
    private static final Duration CELL_LIMIT = Duration.ofMinutes(5);

    private final String name;
    private final JsonObject json;

    private Notebook(String name, JsonObject json) {
        this.name = name;
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
        return parse(file.getFileName().toString(), Files.readString(file));
    }

    static Notebook parse(String name, String text) {
        return new Notebook(name, JsonParser.parseString(text).getAsJsonObject());
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

    /**
     * Executes the cells from top to bottom in a fresh kernel.
     *
     * @param executed takes each cell with its outputs, before the next is executed
     * @throws CellFailure if a cell fails; the message names notebook and cell
     */
    void execute(BiConsumer<CodeCell, JsonArray> executed) throws CellFailure {
        try (JShellKernel kernel = new JShellKernel(CELL_LIMIT)) {
            for (CodeCell cell : codeCells()) {
                executed.accept(cell, execute(kernel, cell));
            }
        }
    }

    private JsonArray execute(JShellKernel kernel, CodeCell cell) throws CellFailure {
        try {
            return kernel.execute(cell.source());
        } catch (CellFailure e) {
            throw new CellFailure(name + ", cell " + cell.id() + ": " + e.getMessage(), e);
        }
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
