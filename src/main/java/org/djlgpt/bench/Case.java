package org.djlgpt.bench;

import ai.djl.ndarray.NDManager;

import java.util.Arrays;
import java.util.List;

/**
 * One row: something to measure, in a process of its own.
 *
 * @param section the name of the section that shows it
 * @param name the name of the row, which ends in * if it runs as DJL does by itself
 * @param sampling how often it is repeated
 * @param workload what runs
 */
record Case(String section, String name, Sampling sampling, Workload workload) {

    /** What a worker measures. */
    @FunctionalInterface
    interface Workload {

        /**
         * Makes what the runs share.
         *
         * @param manager owns the arrays, on the device that is measured
         * @return the phases in the order in which they are measured; the peak memory of one
         *     includes that of those before
         */
        List<Phase> prepare(NDManager manager);

        /**
         * Says what there is to know about a measurement besides its figures.
         *
         * @param manager as for {@link #prepare}, which came before
         * @return one line, or nothing
         */
        default String remark(NDManager manager) {
            return "";
        }
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

    /** Returns whether it runs without the library's native settings, as DJL alone does. */
    boolean stock() {
        return name.endsWith("*");
    }

    /**
     * How often something is repeated.
     *
     * @param warmups the least number of runs that are not counted
     * @param repetitions the least number of runs that are
     * @param seconds how long it goes on beyond that; warming up takes up to a third of it
     */
    record Sampling(int warmups, int repetitions, double seconds) {

        private static final int MOST = 1000;

        /** No further run begins after so many seconds, even if there were fewer than the least. */
        private static final double LONGEST = 15;

        /** One run to warm up and one that counts: enough for the memory that a run takes. */
        static Sampling once() {
            return new Sampling(1, 1, 0);
        }

        /** Returns the same after so many runs that are not counted, at least. */
        Sampling after(int runs) {
            return new Sampling(runs, repetitions, seconds);
        }

        /** Returns how long each counted run took, in milliseconds. */
        double[] milliseconds(Runnable run) {
            repeat(run, warmups, seconds / 3, LONGEST / 3);
            return repeat(run, repetitions, seconds, LONGEST);
        }

        private static double[] repeat(Runnable run, int least, double seconds, double longest) {
            double[] taken = new double[MOST];
            int count = 0;
            long begin = System.nanoTime();
            double passed = 0;
            while (count == 0
                    || passed < longest && (count < least || count < MOST && passed < seconds)) {
                long start = System.nanoTime();
                run.run();
                taken[count++] = (System.nanoTime() - start) / 1e6;
                passed = (System.nanoTime() - begin) / 1e9;
            }
            return Arrays.copyOf(taken, count);
        }
    }
}
