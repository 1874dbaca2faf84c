package org.djlgpt.tuning;

import org.djlgpt.io.FileProblem;
import org.djlgpt.io.Json;
import org.djlgpt.text.JsonLines;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * A text and what it is.
 *
 * @param text the text, not blank
 * @param label the name of what it is, without white space around it; null if that isn't known
 * @param place where it is from, for messages, such as {@code mails.csv line 7}
 */
public record LabelledText(String text, String label, String place) {

    /**
     * Checks the text.
     *
     * @param text the text
     * @param label its label, or null; of a blank one nothing is known either
     * @param place where it is from
     * @throws IllegalArgumentException if the text is blank, or the label has control characters
     */
    public LabelledText {
        if (text.isBlank()) {
            throw new IllegalArgumentException(
                    "%s: the text is empty; leave it out".formatted(place));
        }
        label = label == null || label.isBlank() ? null : label.strip();
        if (label != null && label.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(
                    "%s: the label \"%s\" has a tab, a line break or another control character; write it on one line"
                            .formatted(place, label));
        }
        Objects.requireNonNull(place, "place");
    }

    /**
     * Makes a text that is from no file.
     *
     * @param text the text, not blank
     * @param label its label
     * @throws IllegalArgumentException if the text is blank
     */
    public LabelledText(String text, String label) {
        this(text, label, "text");
    }

    /**
     * Reads a file. Where it has no label for a text, that text's is null.
     *
     * <ul>
     *   <li>{@code .csv}: a line of column names, of which {@code text} must be one and {@code
     *       label} may, then a line for each text; what has a comma, a quotation mark or a line
     *       break stands in quotation marks, and a mark in it is doubled (RFC 4180). It is read by
     *       {@code de.siegmar:fastcsv}, which must be on the class path;
     *   <li>{@code .jsonl} or {@code .ndjson}: on each line an object with a string under {@code
     *       text} and perhaps a string or a whole number under {@code label}.
     * </ul>
     *
     * @param file the file, in UTF-8
     * @return the texts, at least one, in the order of the file
     * @throws IllegalArgumentException if the file is neither, is malformed or has no texts, or a
     *     text is missing or blank; the message names the line and the column or key
     * @throws IOException if reading fails
     */
    public static List<LabelledText> read(Path file) throws IOException {
        FileProblem.requireReadable(file);
        String name = file.toString().toLowerCase(Locale.ROOT);
        List<LabelledText> texts;
        if (name.endsWith(".csv")) {
            texts = csv(file);
        } else if (name.matches("(?s).*\\.(jsonl|ndjson)(\\.gz)?")) {
            texts = jsonLines(file);
        } else {
            throw new IllegalArgumentException(
                    "%s is neither CSV nor JSON lines; end its name in .csv or .jsonl"
                            .formatted(file));
        }
        if (texts.isEmpty()) {
            throw new IllegalArgumentException(
                    "%s has no texts; give at least one".formatted(file));
        }
        return texts;
    }

    private static List<LabelledText> csv(Path file) throws IOException {
        try {
            return new LabelledCsv(file).read();
        } catch (NoClassDefFoundError e) {
            throw new IllegalArgumentException(
                    ("%s needs a library that is not on the class path; add the artifact %s, or"
                                    + " write"
                                    + " JSON lines (.jsonl) instead")
                            .formatted(file, LabelledCsv.ARTIFACT),
                    e);
        }
    }

    private static List<LabelledText> jsonLines(Path file) throws IOException {
        List<LabelledText> texts = new ArrayList<>();
        try (JsonLines lines = JsonLines.open(file)) {
            for (Json line = lines.next(); line != null; line = lines.next()) {
                Json text = line.require("text");
                String label = line.field("label").map(LabelledText::label).orElse(null);
                if (JsonLines.text(text).isBlank()) {
                    throw text.malformed("%s is empty; leave the line out", text.place());
                }
                texts.add(new LabelledText(text.string(), label, line.file().toString()));
            }
        }
        return texts;
    }

    private static String label(Json value) {
        if (value.isString()) {
            return JsonLines.text(value);
        }
        if (!value.isNumber() || value.number().stripTrailingZeros().scale() > 0) {
            throw value.malformed(
                    "%s is %s, but a label is a string or a whole number", value.place(), value);
        }
        BigDecimal number = value.number();
        return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
    }
}
