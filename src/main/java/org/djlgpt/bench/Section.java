package org.djlgpt.bench;

import java.util.List;

/** A table: what is measured for it and how that is shown. */
interface Section {

    /** Returns the rows; within a section, names differ. */
    List<Case> cases();

    /**
     * Shows the figures.
     *
     * @param results the outcome of every case of the suite
     * @return lines of at most 100 characters, each ended
     */
    String text(Results results);
}
