package org.djlgpt.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Figures that were made elsewhere, read from JSON resources, and their comparison with arrays. */
public final class Figures {

    private Figures() {}

    /** Reads a JSON resource that lies beside a class. */
    public static JsonObject read(Class<?> beside, String name) {
        try (InputStream in = beside.getResourceAsStream(name)) {
            return new Gson()
                    .fromJson(new InputStreamReader(in, StandardCharsets.UTF_8), JsonObject.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes a float array with the shape of nested JSON arrays. */
    public static NDArray array(NDManager manager, JsonElement figures) {
        return manager.create(floats(figures), shape(figures));
    }

    /** Makes an array of token ids with the shape of nested JSON arrays. */
    public static NDArray ids(NDManager manager, JsonElement figures) {
        float[] values = floats(figures);
        long[] ids = new long[values.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (long) values[i];
        }
        return manager.create(ids, shape(figures));
    }

    /** Fails unless shape and every value agree. */
    public static void assertFigures(JsonElement expected, NDArray actual, double tolerance) {
        assertEquals(shape(expected), actual.getShape(), "shape");
        assertArrayEquals(floats(expected), actual.toFloatArray(), (float) tolerance);
    }

    private static float[] floats(JsonElement figures) {
        List<Float> values = new ArrayList<>();
        collect(figures, values);
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i);
        }
        return floats;
    }

    private static void collect(JsonElement figures, List<Float> into) {
        if (figures.isJsonArray()) {
            figures.getAsJsonArray().forEach(element -> collect(element, into));
        } else if (figures.getAsString().equals("-inf")) {
            into.add(Float.NEGATIVE_INFINITY);
        } else {
            into.add(figures.getAsFloat());
        }
    }

    private static Shape shape(JsonElement figures) {
        Shape shape = new Shape();
        JsonElement level = figures;
        while (level.isJsonArray()) {
            JsonArray array = level.getAsJsonArray();
            shape = shape.add(array.size());
            level = array.get(0);
        }
        return shape;
    }
}
