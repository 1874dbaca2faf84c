package org.djlgpt.bench;

/**
 * One row: something to measure, in a process of its own.
 *
 * @param section the name of the section that shows it
 * @param name the name of the row
 * @param stock whether it runs without the library's native settings, as DJL alone does
 * @param sampling how often it is repeated
 * @param workload what runs
 */
record Case(String section, String name, boolean stock, Sampling sampling, Workload workload) {

    /** Returns what tells this case from all others. */
    String id() {
        return section + ": " + name;
    }
}
