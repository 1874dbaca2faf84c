package org.djlgpt.bench;

import java.util.List;
import java.util.Locale;

/**
 * A table in plain text whose rows are printed as they come: the first column aligned to the left,
 * the others to the right.
 *
 * @param title the line above
 * @param columns the names of the columns after the first, in which the rows' names stand
 */
record TextTable(String title, List<String> columns) {

    /** What stands for a figure that there is none of. */
    static final String NONE = "-";

    private static final String GAP = "  ";

    /** Figures such as 1,234.5 fit below a shorter word. */
    private static final int NARROWEST = 7;

    TextTable(String title, String... columns) {
        this(title, List.of(columns));
    }

    /**
     * Returns the title and the names of the columns.
     *
     * @param names the names of all rows that will come
     */
    String head(List<String> names) {
        return title + "\n" + row(names, "", columns);
    }

    /**
     * Returns a row.
     *
     * @param names the names of all rows
     * @param name the name of this one
     * @param cells a cell for each column
     */
    String row(List<String> names, String name, List<String> cells) {
        if (cells.size() != columns.size()) {
            throw new IllegalArgumentException(
                    "the row has %d cells, but the table %d columns"
                            .formatted(cells.size(), columns.size()));
        }
        int widest = names.stream().mapToInt(String::length).max().orElse(0);
        StringBuilder line = new StringBuilder(GAP).append(name);
        line.append(" ".repeat(widest - name.length()));
        for (int i = 0; i < cells.size(); i++) {
            int width = Math.max(NARROWEST, columns.get(i).length());
            line.append(GAP).append(" ".repeat(Math.max(0, width - cells.get(i).length())));
            line.append(cells.get(i));
        }
        return line.toString().stripTrailing() + "\n";
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
}
