package org.djlgpt.spark;

import java.util.List;

/**
 * A round.
 *
 * @param number counts the rounds, from 1
 * @param step the steps of each worker up to its end
 * @param seconds how long it took, from the driver's view
 * @param workers what each worker did, by rank
 */
public record RoundReport(int number, int step, double seconds, List<WorkerReport> workers) {

    /**
     * Returns how long a worker had nothing to do: it waited for others, for Spark or for the mean.
     *
     * @param worker one of {@link #workers}
     * @return seconds
     */
    public double waiting(WorkerReport worker) {
        return Math.max(0, seconds - worker.computing() - worker.exchanging());
    }
}
