package org.djlgpt.bench;

import java.util.List;

/** A part of the report: what is measured for it and how that is shown, row by row. */
interface Section {

    /** Returns the rows; within a section, names differ. */
    List<Case> cases();

    /**
     * Shows a row, with what stands above the first and below the last.
     *
     * @param row one of the cases
     * @param report the outcomes of this case and those before it
     * @return lines of at most 100 characters, each ended
     */
    String text(Case row, BenchmarkReport report);

    /** A section with a line of figures for each case. */
    interface Table extends Section {

        /** Returns the title and the columns. */
        TextTable table();

        /**
         * Returns the figures of a row.
         *
         * @param row one of the cases
         * @param report the outcomes of this case and those before it
         * @return as many cells as the table has columns after the first
         */
        String[] cells(Case row, BenchmarkReport report);

        /** Returns what explains the columns, in lines; nothing by default. */
        default String notes() {
            return "";
        }

        @Override
        default String text(Case row, BenchmarkReport report) {
            List<Case> rows = cases();
            List<String> names = rows.stream().map(Case::name).toList();
            TextTable table = table();
            StringBuilder text = new StringBuilder();
            if (row.equals(rows.get(0))) {
                text.append(table.head(names));
            }
            text.append(table.row(names, row.name(), cells(row, report)));
            String error = report.of(row).error();
            if (error != null) {
                text.append("    ").append(TextTable.fitted("failed: " + error, 96)).append('\n');
            }
            if (row.equals(rows.get(rows.size() - 1))) {
                text.append(notes()).append('\n');
            }
            return text.toString();
        }
    }
}
