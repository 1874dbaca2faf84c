package org.djlgpt.notebooks;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Collects what a cell prints and shows, in nbformat's words and in order. */
final class CellOutputs {

    private JsonArray outputs = new JsonArray();
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final Map<String, JsonObject> displays = new HashMap<>();

    /** Returns where the cell's standard output goes. */
    OutputStream standardOutput() {
        return printed;
    }

    /** Adds something displayed, which {@link #update} finds by its id. */
    void display(String id, MimeBundle content) {
        JsonObject output = add("display_data", content);
        displays.put(id, output);
    }

    /** Shows something else where the display with this id is. */
    void update(String id, MimeBundle content) {
        JsonObject output = displays.get(id);
        if (output == null) {
            throw new IllegalArgumentException("no display has the id " + id + " in this cell");
        }
        output.add("data", content.json());
    }

    /** Adds the value of the cell's last expression. */
    void result(MimeBundle content) {
        add("execute_result", content);
    }

    /** Returns everything so far, and begins anew. */
    JsonArray take() {
        flush();
        JsonArray taken = outputs;
        outputs = new JsonArray();
        displays.clear();
        return taken;
    }

    private JsonObject add(String type, MimeBundle content) {
        flush();
        JsonObject output = output(type);
        output.add("data", content.json());
        output.add("metadata", new JsonObject());
        return output;
    }

    private void flush() {
        if (printed.size() > 0) {
            JsonObject output = output("stream");
            output.addProperty("name", "stdout");
            output.add("text", MimeBundle.lines(printed.toString(StandardCharsets.UTF_8)));
            printed.reset();
        }
    }

    private JsonObject output(String type) {
        JsonObject output = new JsonObject();
        output.addProperty("output_type", type);
        outputs.add((JsonElement) output);
        return output;
    }
}
