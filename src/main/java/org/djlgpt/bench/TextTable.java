package org.djlgpt.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A table in plain text: the first column aligned to the left, the others to the right. */
final class TextTable {

    /** What stands for a figure that there is none of. */
    static final String NONE = "-";

    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final String title;

    TextTable(String title, String... header) {
        this.title = title;
        rows.add(List.of(header));
    }

    /** Adds a row; it has as many cells as the header. */
    void row(String... cells) {
        if (cells.length != rows.get(0).size()) {
            throw new IllegalArgumentException(
                    "the row has %d cells, but the header %d"
                            .formatted(cells.length, rows.get(0).size()));
        }
        rows.add(List.of(cells));
    }

    /** Adds a line below the table. */
    void note(String note) {
        notes.add(note);
    }

    /** Adds a line below the table if a case failed. */
    void noteFailure(Outcome outcome) {
        if (outcome.error() != null) {
            note(fitted(outcome.row() + " failed: " + outcome.error(), 98));
        }
    }

    /** Returns the first line of a text in ASCII, cut to a width. */
    static String fitted(String text, int width) {
        String line = text.lines().findFirst().orElse("").replaceAll("[^ -~]", "?");
        return line.length() > width ? line.substring(0, width - 3) + "..." : line;
    }

    static String number(double value, int decimals) {
        return format("%,." + decimals + "f", value);
    }

    static String times(double value) {
        return format("%.1fx", value);
    }

    static String percent(double share) {
        return format("%.0f %%", 100 * share);
    }

    private static String format(String format, double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : NONE;
    }

    @Override
    public String toString() {
        int[] widths = new int[rows.get(0).size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder(title).append('\n');
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder(GAP).append(row.get(0));
            line.append(" ".repeat(widths[0] - row.get(0).length()));
            for (int i = 1; i < widths.length; i++) {
                line.append(GAP).append(" ".repeat(widths[i] - row.get(i).length()));
                line.append(row.get(i));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        notes.forEach(note -> text.append(GAP).append(note).append('\n'));
        return text.toString();
    }
}
