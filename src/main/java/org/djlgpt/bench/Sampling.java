package org.djlgpt.bench;

import java.util.Arrays;

/**
 * How often something is repeated.
 *
 * @param warmups the least number of runs that are not counted
 * @param repetitions the least number of runs that are
 * @param seconds how long it goes on beyond that; warming up takes up to a third of it
 */
record Sampling(int warmups, int repetitions, double seconds) {

    private static final int MOST = 1000;

    /** No further run begins after this many seconds, even if there were fewer than the least. */
    private static final double LONGEST = 15;

    /** One run to warm up and one that counts: enough for the memory that a run takes. */
    static Sampling once() {
        return new Sampling(1, 1, 0);
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
