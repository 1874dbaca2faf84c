package org.djlgpt.bench;

/** Hears how far a benchmark has come. */
@FunctionalInterface
public interface BenchmarkListener {

    /**
     * Is called before each row and after the last.
     *
     * @param done the number of rows that are measured
     * @param count the number of all rows
     * @param row what is measured next; empty after the last
     */
    void onProgress(int done, int count, String row);
}
