package org.djlgpt.bench;

import java.util.List;
import java.util.function.Predicate;

/** A part of the report: what is measured for it and how that is shown, row by row. */
interface Section {

    /** Returns the rows; within a section, names differ. */
    List<Case> cases();

    /**
     * Returns the section with some of its rows. What the others would be compared with is missing
     * where it is left out.
     *
     * @param wanted tells the rows to keep, at least one
     */
    Section only(Predicate<Case> wanted);

    /**
     * Shows a row, with what stands above the first and below the last.
     *
     * @param row one of the cases
     * @param report the outcomes of this case and those before it
     * @return lines of at most 100 characters, each ended
     */
    String text(Case row, BenchmarkReport report);

    /** The figures of a row. */
    @FunctionalInterface
    interface Figures {

        /**
         * Returns the figures of a row.
         *
         * @param row one of the cases
         * @param report the outcomes of this case and those before it
         * @return as many as the table has columns after the first
         */
        List<String> of(Case row, BenchmarkReport report);
    }

    /**
     * A section with a line of figures for each case.
     *
     * @param layout the title and the columns
     * @param cases the rows
     * @param figures what stands in the columns
     * @param notes what explains the columns, in lines; may be empty
     */
    record Table(TextTable layout, List<Case> cases, Figures figures, String notes)
            implements Section {

        @Override
        public Section only(Predicate<Case> wanted) {
            return new Table(layout, cases.stream().filter(wanted).toList(), figures, notes);
        }

        @Override
        public String text(Case row, BenchmarkReport report) {
            List<String> names = cases.stream().map(Case::name).toList();
            StringBuilder text = new StringBuilder();
            if (row.equals(cases.get(0))) {
                text.append(layout.head(names));
            }
            text.append(layout.row(names, row.name(), figures.of(row, report)));
            String error = report.of(row).error();
            if (error != null) {
                text.append("    ").append(TextTable.fitted("failed: " + error, 96)).append('\n');
            }
            String remark = report.of(row).remark();
            if (!remark.isEmpty()) {
                text.append("    ").append(TextTable.fitted(remark, 96)).append('\n');
            }
            if (row.equals(cases.get(cases.size() - 1))) {
                text.append(notes).append('\n');
            }
            return text.toString();
        }
    }
}
