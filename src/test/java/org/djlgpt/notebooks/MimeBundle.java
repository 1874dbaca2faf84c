package org.djlgpt.notebooks;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;

import javax.imageio.ImageIO;

/** A value in the one form that a notebook shows it in. */
public final class MimeBundle {

    private final JsonObject json = new JsonObject();

    private MimeBundle(String type, JsonElement content) {
        json.add(type, content);
    }

    /** Shows an image as PNG, and anything else as its text. */
    static MimeBundle of(Object value) {
        if (value instanceof MimeBundle bundle) {
            return bundle;
        }
        if (value instanceof BufferedImage image) {
            return new MimeBundle("image/png", base64(image));
        }
        return of(value, "text/plain");
    }

    /** Shows the text of a value as of the given type. */
    static MimeBundle of(Object value, String type) {
        return new MimeBundle(type, lines(String.valueOf(value)));
    }

    JsonObject json() {
        return json;
    }

    /** Splits a text into its lines, each with its line break, as nbformat stores text. */
    static JsonArray lines(String text) {
        JsonArray lines = new JsonArray();
        if (!text.isEmpty()) {
            for (String line : text.split("(?<=\n)")) {
                lines.add(line);
            }
        }
        return lines;
    }

    private static JsonElement base64(BufferedImage image) {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new JsonPrimitive(Base64.getEncoder().encodeToString(png.toByteArray()));
    }
}
