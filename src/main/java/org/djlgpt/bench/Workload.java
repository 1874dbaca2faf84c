package org.djlgpt.bench;

import ai.djl.ndarray.NDManager;

import java.util.List;

/** What a worker measures. */
@FunctionalInterface
interface Workload {

    /**
     * A run that can be repeated, and what to call it.
     *
     * @param name the name under which its samples are found
     * @param run one run, which frees what it allocates
     */
    record Phase(String name, Runnable run) {}

    /**
     * Makes what the runs share.
     *
     * @param manager owns the arrays, on the CPU
     * @return the phases in the order in which they are measured; the peak memory of one includes
     *     that of those before
     */
    List<Phase> prepare(NDManager manager);
}
