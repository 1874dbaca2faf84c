package org.djlgpt.bench;

import ai.djl.ndarray.NDManager;

import java.util.List;

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

    /** What a worker measures. */
    @FunctionalInterface
    interface Workload {

        /**
         * Makes what the runs share.
         *
         * @param manager owns the arrays, on the CPU
         * @return the phases in the order in which they are measured; the peak memory of one
         *     includes that of those before
         */
        List<Phase> prepare(NDManager manager);
    }

    /**
     * A run that can be repeated, and what to call it.
     *
     * @param name the name under which its samples are found
     * @param run one run, which frees what it allocates
     */
    record Phase(String name, Runnable run) {}

    /** Returns what tells this case from all others. */
    String id() {
        return section + ": " + name;
    }
}
