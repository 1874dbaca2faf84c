package org.djlgpt.notebooks;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import org.djlgpt.torch.ComputeDevice;

import java.util.stream.Collectors;

/** A cell of a {@link Notebook} that is executed. */
record CodeCell(JsonObject json) {

    /** The tag of a cell whose figures depend on the machine or the run, such as timings. */
    private static final String VARIES = "varies";

    String id() {
        return json.get("id").getAsString();
    }

    String source() {
        return joined(json.get("source"));
    }

    boolean varies() {
        JsonArray tags = json.getAsJsonObject("metadata").getAsJsonArray("tags");
        return tags != null && tags.contains(new JsonPrimitive(VARIES));
    }

    JsonArray outputs() {
        return json.getAsJsonArray("outputs");
    }

    /**
     * Returns what must be the same whenever this cell is executed: for each output its kind and
     * types, and its text unless the cell varies, or it is a GPU that computes.
     */
    String comparable(JsonArray outputs) {
        StringBuilder text = new StringBuilder();
        for (JsonElement element : outputs) {
            JsonObject output = element.getAsJsonObject();
            text.append("--- ").append(output.get("output_type").getAsString()).append('\n');
            if (output.has("text")) {
                append(text, "stdout", output.get("text"));
            } else {
                output.getAsJsonObject("data")
                        .asMap()
                        .forEach((type, content) -> append(text, type, content));
            }
        }
        return text.toString();
    }

    private void append(StringBuilder text, String type, JsonElement content) {
        text.append(type).append('\n');
        if (!varies() && !type.startsWith("image/") && !ComputeDevice.get().isGpu()) {
            text.append(joined(content)).append('\n');
        }
    }

    /** Replaces the outputs, as executing the cell as number {@code count} does. */
    void record(int count, JsonArray outputs) {
        json.addProperty("execution_count", count);
        json.add("outputs", numbered(count, outputs));
    }

    /** nbformat stores a text as its lines or as a whole. */
    private static String joined(JsonElement text) {
        if (text.isJsonPrimitive()) {
            return text.getAsString();
        }
        return text.getAsJsonArray().asList().stream()
                .map(JsonElement::getAsString)
                .collect(Collectors.joining());
    }

    private static JsonArray numbered(int count, JsonArray outputs) {
        for (JsonElement output : outputs) {
            if (output.getAsJsonObject()
                    .get("output_type")
                    .getAsString()
                    .equals("execute_result")) {
                output.getAsJsonObject().addProperty("execution_count", count);
            }
        }
        return outputs;
    }
}
