package org.djlgpt.bench;

import java.io.IOException;

/** Hears how far a benchmark has come. */
public interface BenchmarkListener {

    /**
     * Is called before each row.
     *
     * @param done the number of rows that are measured
     * @param count the number of all rows
     * @param row what is measured next
     */
    void onProgress(int done, int count, String row);

    /**
     * Is called after each row.
     *
     * @param soFar all rows until now
     * @throws IOException to end the benchmark
     */
    void onRow(BenchmarkReport soFar) throws IOException;
}
